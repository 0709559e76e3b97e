"""Schema, check-up, backup and restore, within and between the two databases."""

import gzip
import tarfile
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import sqlalchemy as sa

from tastemaker.data.query import Query, Slate
from tastemaker.errors import StoreError
from tastemaker.store import (
    Store,
    activate,
    add_versions,
    backup,
    check,
    put_catalog,
    put_events,
    put_slate,
    record_run,
    restore,
    upgrade_database,
)
from tastemaker.store.schema import HEAD, REVISIONS, VERSION_TABLE, drop
from tastemaker.store.tables import METADATA

from .conftest import RECIPE
from .toys import candidate, catalog, dataset, keys, run


@pytest.fixture
def filled(store: Store) -> Store:
    return fill(store)


def fill(store: Store) -> Store:
    digests = [store.artifacts.put({"n": n}, {"a": np.arange(n + 3)}, files={"c.json": b"[]"}) for n in range(2)]
    with store.begin() as conn:
        put_catalog(conn, catalog())
        put_events(conn, dataset(), keys())
        put_events(conn, dataset(True, ("s1", "s2", "s3", "s4")), keys("made"))
        add_versions(conn, [candidate(artifact=digests[0])])
        add_versions(conn, [candidate(artifact=digests[1], judged_artifact=digests[0], parent=0)])
        activate(conn, 0, "first")
        record_run(conn, run(1, real=3))
        put_slate(conn, Query(user="busy"), Slate(("oud",), (1.0,), ("m",), ((),), "0", "active"), 5)
    return store


def contents(store: Store) -> dict[str, Any]:
    with store.read() as conn:
        rows = {table.name: conn.execute(sa.select(table)).all() for table in METADATA.sorted_tables}
    return {name: sorted(map(str, found)) for name, found in rows.items() if name != "meta"}


def test_migrations_and_tables_agree(store: Store) -> None:
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext

    with store.read() as conn:
        context = MigrationContext.configure(conn, opts={"version_table": VERSION_TABLE, "compare_type": True})
        assert compare_metadata(context, METADATA) == []
        checks = sa.inspect(conn).get_check_constraints("model_versions")
        assert [found["name"] for found in checks] == ["ck_model_versions_state"]


def test_the_newest_revision_is_the_one_that_the_code_expects() -> None:
    from alembic.script import ScriptDirectory

    import tastemaker.store

    script = ScriptDirectory(str(Path(str(tastemaker.store.__file__)).parent / "migrations"))
    assert tuple(r.revision for r in reversed(list(script.walk_revisions()))) == REVISIONS
    assert script.get_current_head() == HEAD


def test_a_sound_project(filled: Store) -> None:
    found = check(filled)
    assert (found.schema, found.newest, found.problems, found.orphans) == (HEAD, HEAD, (), ())
    assert upgrade_database(filled) == (HEAD, HEAD)


def test_check_names_damage_and_orphans(filled: Store) -> None:
    orphan = filled.artifacts.put({"n": "nobody's"}, {})
    with filled.read() as conn:
        digest = str(conn.scalar(sa.text("SELECT artifact FROM model_versions WHERE id = 1")))
    (Path(filled.artifacts.root) / digest[:32] / "c.json").write_bytes(b"{}")
    found = check(filled)
    assert [orphan.startswith(name) for name in found.orphans] == [True]
    (problem,) = found.problems
    assert "Version 1" in problem
    assert "c.json was altered" in problem


def test_check_names_an_older_schema(sqlite: Store) -> None:
    with sqlite.begin() as conn:
        conn.exec_driver_sql(f"UPDATE {VERSION_TABLE} SET version_num = '0000'")
    assert "tastemaker db upgrade" in check(sqlite).problems[-1]
    with pytest.raises(StoreError, match="newer tastemaker"):
        upgrade_database(sqlite)
    with sqlite.begin() as conn:
        drop(conn)
    with pytest.raises(StoreError, match="holds no project"):
        upgrade_database(sqlite)


def test_check_names_rows_that_point_to_nothing(sqlite: Store) -> None:
    raw = sqlite.engine.raw_connection()
    raw.driver_connection.execute("PRAGMA foreign_keys = OFF").close()  # type: ignore[union-attr]
    raw.driver_connection.execute("INSERT INTO events VALUES (1,8,9,0,1,0,0,0,-1,NULL,'k',NULL)").close()  # type: ignore[union-attr]
    raw.close()
    sqlite.engine.dispose()
    assert any("points to nothing" in problem for problem in check(sqlite).problems)


@pytest.mark.parametrize("name", ["b.tar", "b.tar.gz"])
def test_a_backup_is_restored_whole(filled: Store, tmp_path: Path, name: str) -> None:
    before, file = contents(filled), tmp_path / name
    summary = backup(filled, file)
    assert summary.rows["events"] == 10
    assert len(summary.artifacts) == 2
    with filled.begin() as conn:
        conn.exec_driver_sql("DELETE FROM events")
    with pytest.raises(StoreError, match="add --force"):
        restore(filled, file)
    assert len(contents(filled)["events"]) == 0
    restore(filled, file, force=True)
    assert contents(filled) == before
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".tmp")] == []
    with closing(Store.open(filled.root)) as again, again.begin() as conn:
        assert put_events(conn, dataset(), keys("after")) == 5  # keys go on after those that came with the backup
        activate(conn, 1, "better")


def test_a_backup_moves_into_a_new_project(filled: Store, tmp_path: Path, database: str) -> None:
    backup(filled, tmp_path / "b.tgz")
    with closing(Store.create(tmp_path / "second", "sqlite", {"other": 1})) as second:
        restore(second, tmp_path / "b.tgz")
        assert contents(second) == contents(filled)
        assert check(second).problems == ()
        assert second.recipe() == RECIPE
    Store.open(tmp_path / "second").close()


@pytest.mark.postgres
def test_a_backup_of_sqlite_is_restored_on_postgresql(sqlite: Store, postgres: str, tmp_path: Path) -> None:
    backup(fill(sqlite), tmp_path / "b.tar")
    with closing(Store.create(tmp_path / "second", postgres, {})) as second:
        restore(second, tmp_path / "b.tar")
        assert contents(second) == contents(sqlite)
        with second.begin() as conn:
            assert put_events(conn, dataset(), keys("after")) == 5


def test_a_backup_does_not_overwrite(filled: Store, tmp_path: Path) -> None:
    (tmp_path / "b.tar").write_text("mine")
    with pytest.raises(StoreError, match="exists"):
        backup(filled, tmp_path / "b.tar")
    with pytest.raises(StoreError, match="cannot be written"):
        backup(filled, tmp_path / "none" / "b.tar")


def test_a_damaged_artifact_does_not_stop_a_backup(sqlite: Store, tmp_path: Path) -> None:
    fill(sqlite)
    next(Path(sqlite.artifacts.root).glob("*/c.json")).unlink()
    summary = backup(sqlite, tmp_path / "b.tar")
    assert (len(summary.missing), len(summary.artifacts)) == (1, 1)


def test_a_backup_that_is_not_whole_changes_nothing(sqlite: Store, tmp_path: Path) -> None:
    before, file = contents(fill(sqlite)), tmp_path / "b.tar"
    backup(sqlite, file)
    whole, rng = file.read_bytes(), np.random.default_rng(1)
    end = whole.index(b"backup.json") + 2048
    broken = [whole[:size] for size in (0, 100, 5000, whole.index(b"backup.json"), whole.index(b"backup.json") + 600)]
    for position in rng.integers(0, end, 40):
        flipped = bytearray(whole)
        flipped[position] ^= 0x55
        broken.append(bytes(flipped))
    for data in broken:
        file.write_bytes(data)
        try:
            restore(sqlite, file, force=True)
        except StoreError as error:
            assert "whole backup" in str(error) or "Nothing was" in str(error) or "newer" in str(error)  # noqa: PT017
        assert contents(sqlite) == before  # else the byte was padding, or a time
    file.write_bytes(gzip.compress(whole)[: len(gzip.compress(whole)) // 2])
    with pytest.raises(StoreError, match="whole backup"):
        restore(sqlite, file, force=True)
    with pytest.raises(StoreError, match="no backup"):
        restore(sqlite, tmp_path / "none.tar")
    with tarfile.open(tmp_path / "other.tar", "w") as tar:
        tar.add(file, "x")
    with pytest.raises(StoreError, match="its end is missing"):
        restore(sqlite, tmp_path / "other.tar", force=True)


@pytest.mark.parametrize("damage", [b"nonsense" * 9000, b"", None])
def test_a_damaged_or_missing_database_is_replaced(sqlite: Store, tmp_path: Path, damage: bytes | None) -> None:
    before = contents(fill(sqlite))
    backup(sqlite, tmp_path / "b.tar")
    sqlite.close()
    path = Path(str(sqlite.engine.url.database))
    path.unlink()
    if damage is not None:
        path.write_bytes(damage)
    with pytest.raises(StoreError, match="db restore"):
        Store.open(sqlite.root)
    with closing(Store.unchecked(sqlite.root)) as mended:
        restore(mended, tmp_path / "b.tar", force=True)
    with closing(Store.open(sqlite.root)) as again:
        assert contents(again) == before
    assert [p.read_bytes() for p in path.parent.glob("*.damaged-*")] == ([damage] if damage else [])
