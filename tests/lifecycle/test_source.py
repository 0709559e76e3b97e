"""Tables of a database into a project: joined, read part by part, and told of when something is not there."""

import sqlite3
import tracemalloc
from contextlib import closing
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from tastemaker.data.foreign import joined, look
from tastemaker.data.read import read_table
from tastemaker.data.stream_sql import stream_sql
from tastemaker.errors import DataError, RecipeError, StoreError
from tastemaker.lifecycle import Project
from tastemaker.lifecycle.streaming import import_stream
from tastemaker.recipe import read_recipe

from ..listening import ITEMS, NUMBERS, RECIPE, world, written
from ..store.conftest import postgres

__all__ = ["postgres"]
KINDS = ("played", "played", "liked", "skipped")


def filled(execute, many, n: int = 3000) -> None:
    """things, facts (of all but five) and plays; execute(sql), many(sql with %s, rows)."""
    execute("create table things (id text primary key, title text, maker text, note text, released text)")
    execute(f"create table facts (thing_id text primary key, note text, {', '.join(f'{c} real' for c in NUMBERS)})")
    execute("create table plays (nr integer primary key, who text, thing_id text, what text, at text)")
    numbers = world().numbers.tolist()
    things = [(f"t{i}", f"Thing {i}", "m", "x", "2001-05-31") for i in range(ITEMS)]
    many("insert into things values (%s, %s, %s, %s, %s)", things)
    marks = ", ".join(["%s"] * (2 + len(NUMBERS)))
    many(f"insert into facts values ({marks})", [(f"t{i}", "y", *numbers[i]) for i in range(ITEMS - 5)])
    at = [datetime.fromtimestamp(1_700_000_000 + 60 * i, UTC).isoformat() for i in range(n)]
    plays = [(i, f"p{i % 50}", f"t{(i * 7) % ITEMS}", KINDS[i % 4], at[i]) for i in range(n)]
    many("insert into plays values (%s, %s, %s, %s, %s)", plays)


@pytest.fixture
def sqlite(tmp_path: Path) -> str:
    with closing(sqlite3.connect(tmp_path / "theirs.db")) as db:
        filled(db.execute, lambda sql, rows: db.executemany(sql.replace("%s", "?"), rows))
        db.commit()
    return f"sqlite:///{tmp_path / 'theirs.db'}"


@pytest.fixture
def server(postgres: str) -> str:
    psycopg = pytest.importorskip("psycopg")
    with psycopg.connect(postgres, autocommit=True) as conn:
        cursor = conn.cursor()
        filled(cursor.execute, cursor.executemany)
    return postgres


@pytest.fixture(params=["sqlite", pytest.param("server", marks=pytest.mark.postgres)])
def theirs(request: pytest.FixtureRequest) -> str:
    return str(request.getfixturevalue(request.param))


@pytest.fixture
def project(tmp_path: Path, theirs: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("TASTEMAKER_SOURCE_URL", theirs)
    with Project.init(tmp_path / "stage", written(tmp_path / "files", world())[0]) as made:
        yield made


def test_items_and_plays_of_several_tables_come_with_one_verb(project: Project):
    items, plays = project.import_source()
    assert (items.added, items.refused, plays.added, plays.what) == (ITEMS, (), 3000, "mixed")
    catalog = project.catalog()
    theirs = catalog.numbers["c"][catalog.items.rows(f"t{i}" for i in range(ITEMS))]
    np.testing.assert_allclose(theirs[:-5], world().numbers[:-5, 2], rtol=1e-5)
    assert np.isnan(theirs[-5:]).all()
    usage, source = project.check().usage, project.check().source
    assert usage is not None
    assert source is not None
    assert (dict(usage.kinds), usage.unknown) == ({"like": 750, "play": 1500, "skip": 750}, 5)
    assert [(t.name, t.rows) for t in source.tables] == [("things", ITEMS), ("facts", ITEMS - 5), ("plays", 3000)]
    assert not source.problem
    data = project.dataset()
    assert (data.signed() == -1).sum() == 750
    assert sorted(data.events.time)[:2] == [1_700_000_000, 1_700_000_060]
    assert [one.added for one in project.import_source()] == [0, 0]


def test_part_by_part_is_the_same_as_at_once(project: Project, theirs: str, tmp_path: Path):
    project.import_source()
    recipe = tmp_path / "files" / "things.toml"
    with Project.init(tmp_path / "parts", recipe) as parts:
        parts.import_catalog(f"{theirs}::{joined(theirs, ('things', 'facts'), 'thing_id | id')}")
        done = import_stream(parts.store, parts.recipe, partial(stream_sql, f"{theirs}::plays", chunk=700))
        assert (done.added, done.record.rows) == (3000, 3000)
        ours, other = project.dataset().events, parts.dataset().events
        for name in ("user", "item", "time", "kind", "value"):
            assert np.array_equal(getattr(ours, name), getattr(other, name)), name
        assert import_stream(parts.store, parts.recipe, partial(stream_sql, f"{theirs}::plays", chunk=900)).added == 0


def test_one_bad_row_undoes_all_of_it(project: Project, theirs: str, sqlite: str, tmp_path: Path):
    if theirs != sqlite:
        pytest.skip("said once")
    project.import_source()
    with closing(sqlite3.connect(tmp_path / "theirs.db")) as db:
        db.execute("insert into plays values (9000, 'p1', 't1', 'hummed', '2024-01-01')")
        db.execute("insert into plays values (9001, 'p99', 't1', 'played', '2024-01-01')")
        db.commit()
    read = partial(stream_sql, f"{theirs}::plays", chunk=800)
    with pytest.raises(
        DataError, match=r"the kind 'hummed' is none of played, liked, skipped: add it to \[events.kinds"
    ):
        import_stream(project.store, project.recipe, read)
    assert len(project.dataset()) == 3000
    done = import_stream(project.store, project.recipe, read, skip_bad_rows=True)
    assert (done.added, done.record.refused) == (1, 1)


def test_what_is_held_does_not_grow_with_the_table(tmp_path: Path):
    peaks = []
    for n in (20_000, 80_000):
        file = tmp_path / f"{n}.db"
        with closing(sqlite3.connect(file)) as db:
            filled(db.execute, lambda sql, rows, db=db: db.executemany(sql.replace("%s", "?"), rows), n)
            db.commit()
        tracemalloc.start()
        assert sum(part.n_rows for part in stream_sql(f"sqlite:///{file}::plays", chunk=2000)) == n
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < 1.2 * peaks[0]


def test_each_thing_that_is_not_there_is_told_of_in_its_own_words(project: Project, theirs: str):
    with pytest.raises(DataError, match=r"has no table 'play'; did you mean 'plays'\? It has: .* under \[source\]"):
        look(theirs, ["play"])
    with pytest.raises(DataError, match=r"The table .facts. has no column .id. to be joined by\. It has: thing_id"):
        joined(theirs, ("things", "facts"), "id")
    recipe = project.store.root / "recipe.toml"
    recipe.write_text(RECIPE.replace('item = "thing | thing_id"', 'item = "song_id"'), "utf-8")
    project.__dict__.pop("recipe", None)
    with pytest.raises(DataError, match=r"no column 'song_id' .*\. Or name your column under \[events\]"):
        project.import_source()


@pytest.mark.postgres
def test_a_server_that_does_not_answer_is_a_note_in_check_and_an_error_in_import(project: Project, monkeypatch):
    monkeypatch.setenv("TASTEMAKER_SOURCE_URL", "postgresql://postgres@127.0.0.1:1/x")
    found = project.check().source
    assert found is not None
    assert "No server listens there" in found.problem
    with pytest.raises(StoreError, match="No server listens there"):
        project.import_source()


@pytest.mark.postgres
def test_a_user_without_rights_and_a_server_that_loses_patience_are_told_what_to_do(server: str, tmp_path: Path):
    psycopg = pytest.importorskip("psycopg")
    schema = server.rpartition("%3D")[2]
    with psycopg.connect(server, autocommit=True) as conn:
        conn.execute(f"create role {schema} login")
        try:
            conn.execute(f"grant usage on schema {schema} to {schema}")
            conn.execute(f"grant select on {schema}.things, {schema}.plays to {schema}")
            theirs = server.replace("postgres@", f"{schema}@")
            assert look(theirs, ["things"])[0].rows == ITEMS
            with pytest.raises(DataError, match=r"'facts' cannot be read: permission denied .* GRANT SELECT"):
                look(theirs, ["things", "facts"])
            conn.execute(f"revoke select on {schema}.plays from {schema}")
            for read in (lambda: list(stream_sql(f"{theirs}::plays")), lambda: read_table(f"{theirs}::plays")):
                with pytest.raises(DataError, match=r"permission denied .* GRANT SELECT"):
                    read()
            hurried = server.replace("options=", "options=-cstatement_timeout%3D500%20")
            with pytest.raises(DataError, match=r"statement timeout.*raise statement_timeout"):
                list(stream_sql(f"{hurried}::select pg_sleep(20)"))
        finally:
            conn.execute(f"drop owned by {schema}")
            conn.execute(f"drop role {schema}")


@pytest.mark.postgres
def test_nan_in_a_column_of_numbers_is_a_gap_and_a_password_is_never_shown(server: str, tmp_path: Path, monkeypatch):
    with pytest.importorskip("psycopg").connect(server, autocommit=True) as conn:
        conn.execute("update facts set a = 'NaN', b = 'NaN' where thing_id = 't1'")
        conn.execute("alter table facts alter column b type numeric")
    monkeypatch.setenv("TASTEMAKER_SOURCE_URL", f"{server}&password=secret")
    with Project.init(tmp_path / "stage", written(tmp_path / "files", world())[0]) as project:
        assert project.import_source()[0].refused == ()
        catalog = project.catalog()
        row = int(catalog.items.rows(["t1"])[0])
        assert np.isnan([catalog.numbers[name][row] for name in "ab"]).all()
        source = project.check().source
        assert source is not None
        assert "secret" not in source.where
        assert source.joined == list(NUMBERS)


def test_without_a_url_it_says_where_to_put_one(project: Project, monkeypatch):
    monkeypatch.delenv("TASTEMAKER_SOURCE_URL")
    assert project.check().source is None
    with pytest.raises(DataError, match=r"TASTEMAKER_SOURCE_URL in the environment or in \.env"):
        project.import_source()
    (project.store.root / ".env").write_text("TASTEMAKER_SOURCE_URL=sqlite:///nowhere.db\n", "utf-8")
    with pytest.raises(DataError, match=r"no such file: nowhere\.db"):
        project.import_source()


def test_a_recipe_that_maps_to_no_kind_or_ties_by_no_column_is_refused(tmp_path: Path):
    for old, new, match in (
        ('skipped = "skip"', 'skipped = "rating"', r"'skipped' for a 'rating'\. Give one of: like, play"),
        ('by = ["maker"]', 'by = ["brand"]', "'brand', which is not under categories"),
    ):
        (tmp_path / "r.toml").write_text(RECIPE.replace(old, new), "utf-8")
        with pytest.raises(RecipeError, match=match):
            read_recipe(tmp_path / "r.toml")
