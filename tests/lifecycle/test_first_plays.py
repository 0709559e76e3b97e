"""Items and no plays, or hardly any: listeners are invented, as long as it takes and as well as can be."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tastemaker.cli.rehearsing import RUN
from tastemaker.errors import DataError, PartlyImported
from tastemaker.lifecycle import Project

from ..cli.conftest import run
from ..listening import ITEMS, begun, rows, world

__all__ = ["run"]
NAMES = ("thing_id", "title")
PLAIN = """
title = "things"
[source]
catalog = ["things", "facts"]
events = "plays"
on = "thing_id | id"
[catalog]
id = ["thing_id | id"]
title = "title"
text = { name = "title" }
categories = { maker = "maker" }
optional = ["maker", "a"]
numbers = { a = "a" }
[events]
user = "who"
item = "thing_id"
[features]
blocks = ["text", "numbers"]
same = ["maker"]
[features.text]
encoder = "lsa"
dim = 8
[models.graph]
near = []
[judge]
later = "ranking"
"""


def tables(file: Path, plays: bool) -> str:
    with closing(sqlite3.connect(file)) as db:
        db.execute("create table things (id text primary key, title text, maker text)")
        things = [(f"t{i}", f"Thing {i}", f"m{i % 40}") for i in range(ITEMS)]
        db.executemany("insert into things values (?, ?, ?)", things)
        db.execute("create table facts (thing_id text primary key, a real, b real)")
        if plays:
            db.execute("create table plays (who text, thing_id text, what text, at text)")
        db.commit()
    return f"sqlite:///{file}"


def of_tables(folder: Path) -> Project:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "things.toml").write_text(PLAIN, "utf-8")
    return Project.init(folder / "stage", folder / "things.toml")


def test_tables_without_plays_are_a_beginning(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("TASTEMAKER_SOURCE_URL", tables(tmp_path / "theirs.db", plays=True))
    with of_tables(tmp_path) as project:
        items, plays = project.import_source()
        assert (items.added, plays.record.rows, plays.added) == (ITEMS, 0, 0)
        assert project.train().why.startswith("learned from invented users until there are enough real ones")


def test_what_was_imported_before_a_table_was_missing_stays_and_is_told(tmp_path: Path, run, monkeypatch):
    monkeypatch.setenv("TASTEMAKER_SOURCE_URL", tables(tmp_path / "theirs.db", plays=False))
    with of_tables(tmp_path) as project:
        with pytest.raises(PartlyImported, match=rf"{ITEMS} rows read, {ITEMS} new. But then: .*no table 'plays'"):
            project.import_source()
        assert len(project.catalog()) == ITEMS
    done = run("init", tmp_path / "other", "--recipe", tmp_path / "things.toml")
    assert done.code == 0
    assert f"{ITEMS} rows read, {ITEMS} new" in done.out
    assert "Nothing was imported" not in done.out


def test_train_reads_the_tables_that_were_away_at_init_and_else_names_the_rehearsal(tmp_path: Path, run, monkeypatch):
    of_tables(tmp_path).close()
    monkeypatch.setenv("TASTEMAKER_SOURCE_URL", "postgresql://postgres@127.0.0.1:1/x")
    done = run("train", "-p", tmp_path / "stage")
    assert (done.code, done.err.strip().endswith(RUN)) == (1, True)
    assert "No server listens there" in done.err
    monkeypatch.setenv("TASTEMAKER_SOURCE_URL", tables(tmp_path / "theirs.db", plays=True))
    done = run("train", "-p", tmp_path / "stage")
    assert done.code == 0, done.err
    assert f"{ITEMS} rows read, {ITEMS} new" in done.out


def test_where_only_titles_are_known_listeners_like_like_titles_and_where_nothing_is_it_says_so(tmp_path: Path):
    (tmp_path / "things.toml").write_text(PLAIN, "utf-8")
    titles = [(f"t{i}", f"Thing of shelf{i % 12} and box{i % 7}") for i in range(60)]
    with Project.init(tmp_path / "named", tmp_path / "things.toml", rows(tmp_path / "t.csv", NAMES, titles)) as project:
        assert project.train().why.startswith("learned from invented users")
    signs = [(f"t{i}", "*" * (i + 1)) for i in range(20)]
    nothing = Project.init(tmp_path / "signs", tmp_path / "things.toml", rows(tmp_path / "s.csv", NAMES, signs))
    with nothing, pytest.raises(DataError, match="only 0 of 20 items of which enough is known to invent any"):
        nothing.train()


@pytest.mark.parametrize("n", [1, 12, 45])
def test_the_first_plays_do_not_lock_the_invented_listeners_out(tmp_path: Path, n: int):
    with begun(tmp_path, plays=False) as project:
        project.activate(project.train(models=("graph",)).versions[0].id)
        made = world()
        plays = [(f"p{u}", f"t{i}") for u, i in zip(made.user[:n], made.item[:n], strict=True)]
        added = project.import_(rows(tmp_path / "few.csv", ("person", "thing"), plays)).added
        done = project.train(models=("graph",))
        assert f"learned from invented users and {added} real events until there are enough" in done.why
        assert done.versions[0].events_real == added
        assert done.versions[0].events_synthetic > 1000


def test_with_enough_plays_the_invented_are_gone(tmp_path: Path):
    with begun(tmp_path, plays=False) as project:
        made = world()
        plays = [(f"p{u}", f"t{i}") for u, i in zip(made.user, made.item, strict=True)]
        project.import_(rows(tmp_path / "few.csv", ("person", "thing"), plays[:20]))
        project.activate(project.train(models=("graph",)).versions[0].id)
        project.import_(rows(tmp_path / "more.csv", ("person", "thing"), plays))
        done = project.train(models=("graph",))
        assert done.versions[0].events_synthetic == 0
        assert "invented" not in done.why
