"""A fresh project for every test, on SQLite; on PostgreSQL too where a test asks for BOTH."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tastemaker.store import Store

from ..store.conftest import postgres
from .shop import RECIPE

__all__ = ["postgres"]


@pytest.fixture
def database(request: pytest.FixtureRequest) -> str:
    asked = getattr(request, "param", "sqlite")
    return "sqlite" if asked == "sqlite" else str(request.getfixturevalue(asked))


@pytest.fixture
def store(tmp_path: Path, database: str) -> Iterator[Store]:
    with closing(Store.create(tmp_path / "shop", database, RECIPE)) as made:
        yield made
