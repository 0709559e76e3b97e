"""Making and opening projects: whole, or not at all."""

import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
import sqlalchemy as sa

from tastemaker.errors import StoreError
from tastemaker.store import Store, get_meta, put_catalog, put_meta
from tastemaker.store import store as store_module
from tastemaker.store.schema import VERSION_TABLE

from .conftest import RECIPE
from .toys import catalog


def test_a_project_opens_with_its_recipe(store: Store, database: str) -> None:
    with closing(Store.open(store.root)) as again:
        assert again.recipe() == RECIPE
        assert list(again.recipe()["families"]) == ["woody", "floral"]
        with again.read() as conn:
            assert get_meta(conn, "package") == "0.1.0"
    said = (store.root / "tastemaker.toml").read_text()
    assert f'database = "{database}"' in said


def test_a_project_is_made_once(store: Store) -> None:
    with pytest.raises(StoreError, match="already is a project"):
        Store.create(store.root, "sqlite", RECIPE)


def test_a_directory_that_is_no_project(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=r"no project.*tastemaker init"):
        Store.open(tmp_path)


def test_a_database_that_vanished(sqlite: Store) -> None:
    sqlite.close()
    Path(str(sqlite.engine.url.database)).unlink()
    with pytest.raises(StoreError, match=r"missing.*tastemaker db restore"):
        Store.open(sqlite.root)
    assert not Path(str(sqlite.engine.url.database)).exists()


@pytest.mark.parametrize(
    ("found", "says"), [("0000", "newer tastemaker.*pip install"), ("older", "older schema.*tastemaker db upgrade")]
)
def test_another_schema_is_refused(store: Store, found: str, says: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tastemaker.store.schema.REVISIONS", ("older", "0001"))
    with store.begin() as conn:
        conn.exec_driver_sql(f"UPDATE {VERSION_TABLE} SET version_num = '{found}'")
    with pytest.raises(StoreError, match=says):
        Store.open(store.root)


def test_another_projects_database_is_noticed(store: Store) -> None:
    with store.begin() as conn:
        put_meta(conn, id="somebody else")
    with pytest.raises(StoreError, match="belongs to another project"):
        Store.open(store.root)


def test_two_projects_do_not_share_a_database(store: Store, tmp_path: Path) -> None:
    with store.begin() as conn:
        put_catalog(conn, catalog())
    url = store.engine.url.render_as_string(hide_password=False)
    with pytest.raises(StoreError, match="already holds a project"):
        Store.create(tmp_path / "second", url, RECIPE)
    assert not (tmp_path / "second").exists()
    Store.open(store.root).close()


def test_what_a_killed_create_left_is_taken_over(tmp_path: Path, database: str) -> None:
    root = tmp_path / "shop"
    Store.create(root, database, {"first": True}).close()
    (root / "tastemaker.toml").unlink()  # it is written last
    with closing(Store.create(root, database, RECIPE)) as store:
        assert store.recipe() == RECIPE


@pytest.mark.parametrize("there", [False, True])
def test_nothing_stays_behind_when_it_cannot_be_made(
    tmp_path: Path, database: str, there: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = tmp_path / "shop"
    if there:
        root.mkdir()
        (root / "mine.csv").write_text("id\n")

    def full(path: Path, data: bytes) -> None:
        raise StoreError("the disk is full")

    with monkeypatch.context() as patch:
        patch.setattr(store_module, "replace_file", full)
        with pytest.raises(StoreError, match="full"):
            Store.create(root, database, RECIPE)
    assert [path.name for path in root.rglob("*")] == (["mine.csv"] if there else [])
    assert root.exists() is there
    with closing(Store.create(root, database, RECIPE)) as store:
        assert store.recipe() == RECIPE


def test_a_postgresql_that_is_down_leaves_nothing_behind(tmp_path: Path) -> None:
    pytest.importorskip("psycopg")
    with pytest.raises(StoreError, match=r"127\.0\.0\.1:1 does not answer.*--database sqlite"):
        Store.create(tmp_path / "shop", "postgresql://ann@127.0.0.1:1/taste", RECIPE)
    assert list(tmp_path.iterdir()) == []


def test_tables_of_other_people_are_left_alone(tmp_path: Path, database: str) -> None:
    url = f"sqlite:///{tmp_path}/app.db" if database == "sqlite" else database
    engine = sa.create_engine(url.replace("postgresql:", "postgresql+psycopg:"))
    with engine.begin() as conn:
        conn.exec_driver_sql("CREATE TABLE users (name text)")
    with pytest.raises(StoreError, match="tables of other people: users"):
        Store.create(tmp_path / "shop", url, RECIPE)
    with engine.begin() as conn:
        assert sa.inspect(conn).get_table_names() == ["users"]
    engine.dispose()


def test_opening_loads_no_migrations_and_nothing_that_trains(sqlite: Store) -> None:
    script = (
        "import sys; from pathlib import Path; from tastemaker.store import Store; "
        f"Store.open(Path({str(sqlite.root)!r})).close(); "
        "heavy = {'alembic', 'psycopg', 'fsspec', 'safetensors', 'torch', 'gensim', 'tastemaker.algorithms'}; "
        "sys.exit(str(heavy & set(sys.modules)) if heavy & set(sys.modules) else 0)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
