"""The check-up names what is missing, twofold or left behind, and what mends it."""

import time

import pytest
import sqlalchemy as sa

from tastemaker.data.query import Query, Slate
from tastemaker.store import Store, activate, add_job, add_versions, check, put_slate, set_state, start_job, take_lease
from tastemaker.store.tables import jobs, leases, model_versions

from .toys import candidate

GONE = "elsewhere.invalid:1:ab"  # a holder on another machine, alive until its time is up


def damage(store: Store, *sql: str) -> tuple[str, ...]:
    with store.begin() as conn:
        for statement in sql:
            conn.exec_driver_sql(statement)
    return check(store).problems


def test_a_fresh_project_is_sound(store: Store) -> None:
    found = check(store)
    assert (found.problems, found.orphans, found.leftovers) == ((), (), ())


@pytest.mark.parametrize(
    ("sql", "says"),
    [
        ("DROP TABLE recommendation_quality", "The table recommendation_quality is missing. Bring back a backup"),
        ("ALTER TABLE slates DROP COLUMN arm", "The column slates.arm is missing. Bring back a backup"),
        ("DROP INDEX ix_events_time", "The index ix_events_time of the table events is missing. Run in the database: "
                                      "CREATE INDEX ix_events_time ON events (time)"),
        ("ALTER TABLE slates ADD COLUMN extra TEXT", "The column slates.extra is not ours"),
        ("CREATE INDEX mine ON items (title)", "The index mine of the table items is not ours"),
    ],
)  # fmt: skip
def test_the_shape_of_the_database(store: Store, sql: str, says: str) -> None:
    (problem,) = damage(store, sql)
    assert problem.startswith(says)


def test_what_it_says_mends_it(store: Store) -> None:
    (problem,) = damage(store, "DROP INDEX one_active_version")
    assert damage(store, problem.partition("Run in the database: ")[2]) == ()


@pytest.mark.postgres
def test_a_column_of_another_type(postgres: str, tmp_path) -> None:
    store = Store.create(tmp_path / "shop", postgres, {})
    (problem,) = damage(store, "ALTER TABLE events ALTER COLUMN value TYPE INTEGER")
    assert problem.startswith("The column events.value is INTEGER instead of DOUBLE")
    store.close()


def test_tables_of_other_people_are_theirs(store: Store) -> None:
    assert damage(store, "CREATE TABLE theirs (a INTEGER)") == ()


def test_versions(store: Store) -> None:
    digest = store.artifacts.put({"kind": "model"}, {})
    with store.begin() as conn:
        add_versions(conn, [candidate(artifact=digest) for _ in range(3)])
        activate(conn, 1, "first")
    assert check(store).problems == ()
    with store.begin() as conn:
        conn.execute(sa.update(model_versions).values(state="retired"))
    assert check(store).problems == (
        "No version is active, though 1 was made so last. Run: tastemaker activate 1",
    )  # fmt: skip
    with store.begin() as conn:
        conn.execute(sa.update(model_versions).where(model_versions.c.id == 2).values(state="active", parent=2))
    problems = check(store).problems
    assert [p.partition(".")[0] for p in problems] == [
        "Version 2 is active, but the log of activations ends with 1",
        "Version 2 says that it was trained from 2, which is no older",
    ]


def test_two_active_versions_where_the_index_was_lost(sqlite: Store) -> None:
    digest = sqlite.artifacts.put({"kind": "model"}, {})
    with sqlite.begin() as conn:
        add_versions(conn, [candidate(artifact=digest)] * 2)
        activate(conn, 0, "first")
        index = conn.exec_driver_sql("SELECT sql FROM sqlite_master WHERE name = 'one_active_version'").scalar_one()
    damage(sqlite, "DROP INDEX one_active_version", "UPDATE model_versions SET state = 'active'")
    with pytest.raises(Exception, match="UNIQUE"):
        damage(sqlite, index)
    (problem,) = check(sqlite).problems
    assert "one_active_version" in problem


def test_what_dead_processes_left(store: Store) -> None:
    now, digest = int(time.time()), store.artifacts.put({"kind": "model"}, {})
    with store.begin() as conn:
        add_versions(conn, [candidate(artifact=digest)] * 2)
        activate(conn, 0, "first")
        set_state(conn, 1, "challenger")
        take_lease(conn, "training", GONE, now)
        start_job(conn, add_job(conn, "retrain", {}, now), GONE, now)
        put_slate(conn, Query(user="u"), Slate((), (), (), (), "7", "active"), 5)
    left = check(store).leftovers
    assert [sentence.partition(".")[0] for sentence in left] == [
        "No experiment runs for the challenger(s) 1",
        "Lists were shown by version(s) that are gone: 7",
    ]
    with store.begin() as conn:
        conn.execute(sa.update(leases).values(until=now - 1))
        conn.execute(sa.update(jobs).values(holder=None))
    said = check(store)
    assert said.problems == ()
    assert any("lease training of elsewhere.invalid" in s and "tastemaker tick" in s for s in said.leftovers)
    assert any("Job 1 (retrain) is marked as running" in s for s in said.leftovers)
