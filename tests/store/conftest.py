"""A fresh project for every test, on SQLite and on PostgreSQL."""

import os
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from uuid import uuid4

import pytest

from tastemaker.store import Store

SERVER = "postgresql://postgres@127.0.0.1:5432/postgres"
RECIPE = {"title": "Perfumes", "families": {"woody": ["oak"], "floral": ["rose"]}, "seed": None}


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No test sees this machine's environment."""
    monkeypatch.delenv("TASTEMAKER_DATABASE_URL", raising=False)
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def postgres() -> Iterator[str]:
    """The URL of a schema of its own."""
    psycopg = pytest.importorskip("psycopg")
    try:
        server = psycopg.connect(SERVER, autocommit=True, connect_timeout=2)
    except psycopg.OperationalError as error:
        pytest.skip(f"no PostgreSQL at 127.0.0.1:5432: {error}")
    name = f"tastemaker_test_{os.getpid()}_{uuid4().hex[:8]}"
    with closing(server):
        server.execute(f"CREATE SCHEMA {name}")
        try:
            yield f"{SERVER}?options=-csearch_path%3D{name}"
        finally:
            server.execute(f"DROP SCHEMA {name} CASCADE")


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def database(request: pytest.FixtureRequest) -> str:
    return "sqlite" if request.param == "sqlite" else str(request.getfixturevalue("postgres"))


@pytest.fixture
def store(tmp_path: Path, database: str) -> Iterator[Store]:
    with closing(Store.create(tmp_path / "shop", database, RECIPE)) as made:
        yield made


@pytest.fixture
def sqlite(tmp_path: Path) -> Iterator[Store]:
    with closing(Store.create(tmp_path / "shop", "sqlite", RECIPE)) as made:
        yield made
