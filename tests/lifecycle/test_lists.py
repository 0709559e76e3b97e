"""Plays of people and lists in one table: who listens, and what is heard together."""

import csv
import sqlite3
from contextlib import closing
from functools import partial
from pathlib import Path

import pytest

from tastemaker.data.pairs import groups_of, pairs_of
from tastemaker.data.stream_sql import CHUNK, stream_sql
from tastemaker.lifecycle import Project
from tastemaker.lifecycle.streaming import import_stream

from ..store.conftest import postgres

__all__ = ["postgres"]
HOUR = 3600
NAMES = ("user_id", "playlist_id", "track_id", "interaction_type", "timestamp", "added_at")
ROWS = [
    ("ann", None, "t0", "play", 1_700_000_000, None), ("ann", None, "t1", "play", 1_700_000_100, None),
    ("ann", None, "t2", "play", 1_700_000_000 + 9 * HOUR, None), (None, "p1", "t0", "playlist", None, 1_700_000_000),
    (None, "p1", "t3", "playlist", None, 1_700_000_000 + 50 * HOUR), ("bob", "p1", "t4", "playlist_add", None, None),
    ("bob", "p1", "t5", "playlist_add", None, 1_700_000_000), ("", "p2", "t6", "playlist", None, None),
]  # fmt: skip
TOGETHER = {("t0", "t1"), ("t0", "t3"), ("t4", "t5")}


def tracks(execute, many) -> None:
    execute("create table tracks (track_id text primary key, name text, artist text, note integer)")
    many("insert into tracks values (%s, %s, %s, %s)", [(f"t{i}", f"Track {i}", f"a{i}", i) for i in range(8)])


def interactions(execute, many, rows) -> None:
    execute(
        "create table user_interactions (user_id text, playlist_id text, track_id text, interaction_type text, "
        "timestamp integer, added_at integer)"
    )
    many("insert into user_interactions values (%s, %s, %s, %s, %s, %s)", rows)


@pytest.fixture(params=["file", "sqlite", pytest.param("server", marks=pytest.mark.postgres)])
def project(request: pytest.FixtureRequest, tmp_path: Path):
    """The music recipe, with the rows read from a file, or streamed in parts."""
    if request.param == "server":
        url, psycopg = request.getfixturevalue("postgres"), pytest.importorskip("psycopg")
        with psycopg.connect(url, autocommit=True) as conn:
            tracks(conn.execute, conn.cursor().executemany)
            interactions(conn.execute, conn.cursor().executemany, ROWS)
    else:
        url = f"sqlite:///{tmp_path / 'theirs.db'}"
        with closing(sqlite3.connect(tmp_path / "theirs.db")) as db:
            many = lambda sql, rows: db.executemany(sql.replace("%s", "?"), rows)  # noqa: E731
            tracks(db.execute, many)
            interactions(db.execute, many, ROWS if request.param == "sqlite" else ROWS[:1])
            db.commit()
    with Project.init(tmp_path / "radio", "music", f"{url}::tracks") as made:
        if request.param == "file":
            with (tmp_path / "rows.csv").open("w", encoding="utf-8", newline="") as file:
                csv.writer(file).writerows([NAMES, *ROWS])
            made.import_(tmp_path / "rows.csv")
        else:
            import_stream(made.store, made.recipe, partial(stream_sql, f"{url}::user_interactions", chunk=3))
        yield made


def test_a_list_is_the_listener_only_where_nobody_is_named_and_one_group_whatever_the_clock_says(project: Project):
    data = project.dataset()
    assert set(data.users.ids) == {"ann", "bob", "p1", "p2"}
    assert len(data) == len(ROWS)
    group = groups_of(data.events, gap=1800)
    assert len(set(group.tolist())) == 5  # two sittings of ann's, p1, what bob put into p1, p2
    pairs = pairs_of(data, gap=1800)
    ids = data.catalog.items.ids
    assert {(ids[a], ids[b]) for a, b in zip(pairs.a, pairs.b, strict=True)} == TOGETHER
    usage = project.check().usage
    assert usage is not None
    assert usage.pairs == len(TOGETHER)


def test_rows_without_a_time_are_numbered_across_the_parts_of_a_table(tmp_path: Path):
    rows = [("ann", None, f"t{i % 3}", "play", None, None) for i in range(CHUNK + 500)]
    rows[7] = ("ann", None, "t0", "play", 1_700_000_000, None)
    with closing(sqlite3.connect(tmp_path / "theirs.db")) as db:
        many = lambda sql, rows: db.executemany(sql.replace("%s", "?"), rows)  # noqa: E731
        tracks(db.execute, many)
        interactions(db.execute, many, rows)
        db.commit()
    url = f"sqlite:///{tmp_path / 'theirs.db'}"
    with (tmp_path / "rows.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([NAMES, *rows])
    with Project.init(tmp_path / "radio", "music", f"{url}::tracks") as made:
        assert made.import_(f"{url}::user_interactions").added == len(rows)
        assert made.import_(f"{url}::user_interactions").added == 0
        assert made.import_(tmp_path / "rows.csv").added == 0
        times = made.dataset().events.time
        assert len(set(times.tolist())) == 2
