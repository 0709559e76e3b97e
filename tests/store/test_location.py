"""Which database a project uses, and that no password is ever written or shown."""

from pathlib import Path

import pytest

from tastemaker.errors import StoreError
from tastemaker.store.location import (
    Location,
    chosen_url,
    dotenv,
    project_url,
    read_location,
    read_url,
    shown,
    stored_form,
)

NAME = "TASTEMAKER_DATABASE_URL"


def test_the_argument_wins_then_the_environment_then_dotenv_then_sqlite(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = tmp_path / "shop"
    root.mkdir()

    def host(argument: str | None = None) -> str | None:
        return chosen_url(root, argument).host

    assert chosen_url(root).database == str(root / "tastemaker.db")
    (root / ".env").write_text(f"{NAME}=postgresql://project/db")
    assert host() == "project"
    (tmp_path / ".env").write_text(f"{NAME}=postgresql://here/db")
    assert host() == "here"
    monkeypatch.setenv(NAME, "postgresql://environment/db")
    assert host() == "environment"
    assert host("postgresql://argument/db") == "argument"
    assert host("sqlite") is None


def test_dotenv_reads_quotes_comments_and_export(tmp_path: Path) -> None:
    path = tmp_path / ".env"
    path.write_text("# A=1\n\nexport B = 'two = 2'\nC=\"x\"\nD=\nnonsense\nE='\n", encoding="utf-8")
    assert dotenv(path) == {"B": "two = 2", "C": "x", "D": "", "E": "'"}
    assert dotenv(tmp_path / "none") == {}


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+psycopg"])
def test_every_way_to_write_postgresql_is_our_driver(scheme: str, tmp_path: Path) -> None:
    assert read_url(f"{scheme}://u@h/db", tmp_path).drivername == "postgresql+psycopg"


@pytest.mark.parametrize(
    "text", ["mysql://h/db", "sqlite://", "sqlite:///:memory:", "no url s3cret", "postgresql://h:x/db"]
)
def test_other_databases_are_refused(text: str, tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=r"sqlite|postgresql://") as caught:
        read_url(text, tmp_path)
    assert "s3cret" not in str(caught.value)


def test_no_password_is_stored_or_shown(tmp_path: Path) -> None:
    url = read_url("postgres://ann:s3cret@db.example:6543/taste?sslmode=require&password=s3cret", tmp_path)
    assert stored_form(url, tmp_path) == "postgresql://ann@db.example:6543/taste?sslmode=require"
    assert shown(url) == "postgresql://ann@db.example:6543/taste"
    assert url.password == "s3cret"


def test_a_file_keeps_its_place_whatever_the_directory_is(tmp_path: Path) -> None:
    assert stored_form(read_url("sqlite:///other.db", tmp_path), tmp_path) == f"sqlite:///{tmp_path / 'other.db'}"
    assert stored_form(read_url("sqlite", tmp_path), tmp_path) == "sqlite"


def test_the_environment_moves_a_server_but_not_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(NAME, "postgresql://u:s3cret@new/db")
    assert project_url(tmp_path, Location("postgresql://u@old/db", "1")).host == "new"
    assert project_url(tmp_path, Location("postgresql://u@old/db", "1")).password == "s3cret"
    assert project_url(tmp_path, Location("sqlite", "1")).get_backend_name() == "sqlite"
    assert project_url(tmp_path, Location("sqlite", "1"), "postgresql://u@mine/db").host == "mine"


@pytest.mark.parametrize("artifacts", ["artifacts", "s3://bucket/a"])
def test_tastemaker_toml_there_and_back(tmp_path: Path, artifacts: str) -> None:
    location = Location('postgresql://a"b\\@h/db', "12", artifacts)
    (tmp_path / "tastemaker.toml").write_text(location.as_toml() + "\n[features]\nblocks = []\n", encoding="utf-8")
    assert read_location(tmp_path) == location


@pytest.mark.parametrize(("text", "says"), [("x = [", "cannot be read"), ("x = 1", r"under \[project\]")])
def test_a_broken_tastemaker_toml_is_named(tmp_path: Path, text: str, says: str) -> None:
    (tmp_path / "tastemaker.toml").write_text(text)
    with pytest.raises(StoreError, match=rf"tastemaker\.toml.*{says}"):
        read_location(tmp_path)


def test_a_directory_that_is_no_project(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=r"no project.*tastemaker init"):
        read_location(tmp_path)
