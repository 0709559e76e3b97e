"""Each page by itself: it shows what there is, changes what it says it changes, and refuses what it must."""

import sqlite3
from collections.abc import Callable
from pathlib import Path
from time import time
from typing import Any

import pytest
import sqlalchemy as sa

from tastemaker.app import words
from tastemaker.app.data import experiments
from tastemaker.app.data.marks import marks_of
from tastemaker.app.data.trouble import Kind, Trouble
from tastemaker.app.settings import Settings
from tastemaker.lifecycle import Project
from tastemaker.monitor import track
from tastemaker.store import Store, active_version
from tastemaker.store.tables import events

from .conftest import PAGES

Show = Callable[..., Any]
NAMES = sorted(file.stem for file in PAGES.glob("*.py"))


def said(app: Any) -> str:
    """Everything that the page says in words."""
    kinds = ("title", "subheader", "caption", "markdown", "info", "warning", "error", "success", "html")
    return "\n".join(str(one.value) for kind in kinds for one in getattr(app, kind))


def n_events(root: Path) -> int:
    store = Store.open(root)
    with store.read() as conn:
        n = conn.scalar(sa.select(sa.func.count()).select_from(events))
    store.close()
    return int(n or 0)


def reading(root: Path, look: Callable[[Any], Any]) -> Any:
    store = Store.open(root)
    with store.read() as conn:
        found = look(conn)
    store.close()
    return found


def press(app: Any, label: str) -> Any:
    return next(button for button in app.button if button.label == label).click().run()


@pytest.mark.parametrize("page", NAMES)
def test_a_page_shows_a_project_with_a_past(page: str, past: Path, show: Show) -> None:
    app = show(page, past)
    assert not app.exception
    assert [title.value for title in app.title] == [words.PAGES[page][0]]
    assert not app.error


def test_every_page_has_a_place_in_the_navigation() -> None:
    assert sorted(words.PAGES) == NAMES


@pytest.mark.parametrize("page", NAMES)
def test_an_empty_project_says_what_to_do(page: str, tmp_path: Path, show: Show) -> None:
    Project.init(tmp_path / "empty", "movies").close()
    app = show(page, tmp_path / "empty")
    assert not app.exception
    assert words.EMPTY_WHAT in said(app)
    assert "tastemaker import --catalog" in said(app)


@pytest.mark.parametrize("page", NAMES)
def test_without_a_version_it_says_how_to_choose_one(page: str, root: Path, show: Show) -> None:
    with sqlite3.connect(root / "tastemaker.db") as raw:
        raw.execute("UPDATE model_versions SET state = 'retired'")
    raw.close()
    app = show(page, root)
    assert not app.exception
    assert "no version answers" in said(app)
    assert "tastemaker activate" in said(app)


@pytest.mark.parametrize("page", NAMES)
def test_a_damaged_artifact_is_named_and_the_rest_goes_on(page: str, root: Path, show: Show) -> None:
    digest = reading(root, active_version).artifact
    file = next((root / "artifacts").glob(f"{digest[:12]}*/manifest.json"))
    file.write_bytes(b"{}")
    app = show(page, root)
    assert not app.exception
    assert "is damaged" in said(app)
    assert "tastemaker rollback" in said(app)


def test_damaged_arrays_are_named_where_lists_are_shown(root: Path, show: Show) -> None:
    digest = reading(root, active_version).artifact
    file = next((root / "artifacts").glob(f"{digest[:12]}*/*.safetensors"))
    file.write_bytes(file.read_bytes()[:-1] + b"x")
    app = show("discover", root)
    assert not app.exception
    assert "was altered or is damaged" in said(app)
    assert "from version 1, a parent of the active one" in said(app)


@pytest.mark.parametrize("page", NAMES)
def test_with_the_database_away_it_says_what_to_do(page: str, root: Path, show: Show) -> None:
    (root / "tastemaker.db").unlink()
    app = show(page, root)
    assert not app.exception
    assert "is missing" in said(app)
    assert "tastemaker db restore" in said(app)


def test_a_database_that_goes_away_while_the_page_is_open(root: Path, show: Show) -> None:
    app = show("overview", root)
    (root / "tastemaker.db").rename(root / "elsewhere.db")
    app.run()
    assert "is missing" in said(app)
    (root / "elsewhere.db").rename(root / "tastemaker.db")
    app.run()
    assert "answers" in said(app)


@pytest.mark.postgres
def test_a_server_that_does_not_answer(root: Path, show: Show) -> None:
    file = root / "tastemaker.toml"
    line = 'database = "postgresql://nobody@127.0.0.1:1/nothing"'
    file.write_text(file.read_text("utf-8").replace('database = "sqlite"', line), "utf-8")
    app = show("overview", root)
    assert not app.exception
    assert "does not answer" in said(app)


def test_refused_rows_are_said_and_listed(root: Path, show: Show) -> None:
    file = root / "more.csv"
    file.write_text("userId,movieId,rating,timestamp\nu1,1,4,1600000000\nu1,1,11,1600000001\n", "utf-8")
    with Project.open(root) as project:
        project.import_(file, skip_bad_rows=True)
    app = show("data", root)
    assert "1 rows were refused when files were read: more.csv" in said(app)
    assert words.REFUSED in said(app)


def test_a_mended_file_is_troubled_about_no_more(root: Path, show: Show) -> None:
    file = root / "more.csv"
    file.write_text("userId,movieId,rating,timestamp\nu1,1,4,1600000000\nu1,1,11,1600000001\n", "utf-8")
    with Project.open(root) as project:
        project.import_(file, skip_bad_rows=True)
    app = show("quality", root)
    assert "1 rows were refused" in said(app)
    file.write_text("userId,movieId,rating,timestamp\nu1,1,4,1600000000\nu1,1,5,1600000001\n", "utf-8")
    with Project.open(root) as project:
        project.import_(file)
    assert "were refused" not in said(app.run())


def test_whoever_is_forgotten_is_offered_no_more(root: Path, show: Show) -> None:
    app = show("discover", root)
    app.segmented_control(key="who").set_value(words.KNOWN_USER).run()
    user = app.selectbox(key="user").value
    with Project.open(root) as project:
        project.forget(user)
    app.run()
    assert user not in app.selectbox(key="user").options


def test_what_a_tick_compared_waits_no_more(root: Path, show: Show) -> None:
    file = root / "more.csv"
    now = int(time())
    file.write_text(f"userId,movieId,rating,timestamp\nu1,1,4,{now - 5}\nu1,2,5,{now - 4}\n", "utf-8")
    with Project.open(root) as project:
        project.import_(file)
        app = show("overview", root)
        assert "outcomes wait to be compared" in said(app)
        track(project.store, project.recipe.quality, int(time()) + 1)
    assert "outcomes wait to be compared" not in said(app.run())


def test_an_artifact_that_was_brought_back_answers_again(root: Path, show: Show) -> None:
    digest = reading(root, active_version).artifact
    file = next((root / "artifacts").glob(f"{digest[:12]}*/*.safetensors"))
    whole = file.read_bytes()
    file.write_bytes(whole[:-1] + b"x")
    app = show("discover", root)
    assert "was altered or is damaged" in said(app)
    file.write_bytes(whole)
    app.run()
    assert "damaged" not in said(app)
    assert "the active one" in said(app)


def test_more_rows_were_refused_than_are_kept_by_line(root: Path, show: Show) -> None:
    file = root / "more.csv"
    rows = "".join(f"u1,1,11,{1600000000 + k}\n" for k in range(1500))
    file.write_text(f"userId,movieId,rating,timestamp\nu1,1,4,1600000000\n{rows}", "utf-8")
    with Project.open(root) as project:
        project.import_(file, skip_bad_rows=True)
    app = show("data", root)
    assert "1,500 rows were refused when files were read: more.csv" in said(app)
    assert words.REFUSED_SAYS.format(n=200, all=1500) in said(app)


@pytest.fixture
def frame() -> Any:
    pytest.importorskip("streamlit", reason="the extra `app` is not installed")
    from tastemaker.app import frame

    return frame


def test_an_experiment_is_looked_at_once_not_at_each_change(
    past: Path, show: Show, frame: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks, look = [], experiments.look_by_day
    monkeypatch.setattr(experiments, "look_by_day", lambda *asked: looks.append(asked) or look(*asked))
    monkeypatch.setattr(frame, "time", lambda: 1_800_000_000)
    app = show("experiments", past)
    app.run()
    assert len(looks) == 1


def test_a_million_events_are_counted_anew_less_often(
    store: Store, frame: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def slots(*kinds: Kind) -> int:
        troubles = tuple(Trouble(kind, "", "") for kind in kinds)
        opened = frame.Opened(Settings(store.root), store, marks_of(store), False, troubles)
        seen = set()
        for second in range(0, 1200, 30):
            monkeypatch.setattr(frame, "time", lambda at=second: at)
            seen.add(opened.fresh)
        return len(seen)

    assert (slots(), slots("half"), slots("many")) == (20, 20, 2)
