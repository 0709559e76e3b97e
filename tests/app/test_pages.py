"""Each page by itself: it shows what there is, changes what it says it changes, and refuses what it must."""

import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from tastemaker.app import words
from tastemaker.errors import StoreError
from tastemaker.lifecycle import Project
from tastemaker.store import Store, active_version, list_activations, list_jobs, read_slates
from tastemaker.store.experiments import list_experiments
from tastemaker.store.tables import events

from .conftest import PAGES

Show = Callable[..., Any]
NAMES = sorted(file.stem for file in PAGES.glob("*.py"))


def said(app: Any) -> str:
    """Everything that the page says in words."""
    kinds = ("title", "subheader", "caption", "markdown", "info", "warning", "error", "success")
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
    assert "the newest items" in said(app), said(app)


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


def test_a_like_is_recorded_and_the_next_list_is_another(root: Path, show: Show) -> None:
    app, before = show("discover", root), n_events(root)
    lists = len(reading(root, read_slates))
    first = [m.value for m in app.markdown if m.value.startswith("**1.")]
    title = first[0].split("**")[1].removeprefix("1. ")
    press(app, words.LIKE)
    assert not app.exception
    assert n_events(root) == before + 1
    assert title in app.success[0].value
    assert not any(m.value.startswith("**") and title in m.value for m in app.markdown)
    assert len(reading(root, read_slates)) == lists + 1


def test_a_skip_and_a_rating_are_recorded_too(root: Path, show: Show) -> None:
    app, before = show("discover", root), n_events(root)
    press(app, words.SKIP)
    rating = next(box for box in app.selectbox if box.label == words.RATE)
    rating.set_value(5.0).run()
    assert not app.exception
    assert n_events(root) == before + 2


def test_what_is_not_recorded_still_counts_on_the_page(root: Path, show: Show) -> None:
    app, before = show("discover", root, read_only=True), n_events(root)
    press(app, words.SKIP)
    press(app, words.LIKE)
    assert "nothing was recorded" in app.success[0].value
    assert n_events(root) == before
    assert words.START_OVER in [button.label for button in app.button]


def test_a_known_user_and_a_taste_change_the_list(past: Path, show: Show) -> None:
    def titles(app: Any) -> list[str]:
        return [m.value for m in app.markdown if m.value.startswith("**") and ". " in m.value]

    app = show("discover", past, read_only=True)
    plain = titles(app)
    app.multiselect(key="tastes").set_value(["horror"]).run()
    assert app.slider(key="taste horror").value == 0.8
    app.segmented_control(key="who").set_value(words.KNOWN_USER).run()
    assert not app.exception
    assert titles(app) != plain


def test_search_adds_what_they_like(past: Path, show: Show) -> None:
    app = show("discover", past, read_only=True)
    app.text_input(key="search").set_value("12").run()
    app.button(key="add 12").click().run()
    assert not app.exception
    assert next(box for box in app.multiselect if box.label == words.LIKED_ITEMS).value == ["12"]


def test_two_versions_side_by_side(past: Path, show: Show) -> None:
    app = show("discover", past, read_only=True)
    app.toggle(key="compare").set_value(True).run()
    assert not app.exception
    assert "items are on both lists" in said(app)


def test_activation_asks_for_a_reason_and_rollback_undoes_it(root: Path, show: Show) -> None:
    app, was = show("versions", root), reading(root, active_version).id
    press(app, words.ACTIVATE)
    assert app.error[0].value == words.NO_REASON
    assert reading(root, active_version).id == was
    app.text_input(key="reason").set_value("it looks better")
    press(app, words.ACTIVATE)
    assert reading(root, active_version).id != was
    assert reading(root, list_activations)[-1]["reason"] == "it looks better"
    app.text_input(key="reason").set_value("it was not")
    press(app, words.ROLL_BACK)
    assert reading(root, active_version).id == was


@pytest.mark.parametrize("page", ["train", "versions", "experiments"])
def test_read_only_hides_what_changes_anything(page: str, past: Path, show: Show) -> None:
    app = show(page, past, read_only=True)
    assert not app.exception
    assert words.LOCKED_READ_ONLY in said(app)
    assert not app.button


@pytest.mark.parametrize("page", ["train", "versions", "experiments"])
def test_a_key_unlocks_and_a_wrong_one_does_not(page: str, root: Path, show: Show) -> None:
    app = show(page, root, key="open sesame")
    assert words.LOCKED_KEY in said(app)
    assert not app.button
    app.text_input(key="admin key").set_value("open barley").run()
    assert words.WRONG_KEY in said(app)
    assert not app.button
    app.text_input(key="admin key").set_value("open sesame").run()
    assert app.button


def test_off_this_machine_nothing_changes_without_a_key(past: Path, show: Show) -> None:
    app = show("versions", past, address="0.0.0.0")
    assert words.LOCKED_FAR in said(app)
    assert not app.button


def test_an_experiment_is_stopped_and_another_started(root: Path, show: Show) -> None:
    app = show("experiments", root)
    press(app, words.STOP_EXPERIMENT.format(id=1))
    assert [e.state for e in reading(root, list_experiments)] == ["stopped"]
    press(app, words.START_EXPERIMENT)
    assert not app.exception
    assert [e.state for e in reading(root, list_experiments)] == ["stopped", "running"]


def test_a_refusal_is_said_in_its_own_words(root: Path, show: Show) -> None:
    app = show("experiments", root)
    press(app, words.STOP_EXPERIMENT.format(id=1))
    effect = next(box for box in app.text_input if box.label == words.EFFECT)
    effect.set_value("much")
    press(app, words.START_EXPERIMENT)
    assert "give a size such as 5%" in app.error[0].value


def test_a_training_is_a_job_of_another_process(root: Path, show: Show, monkeypatch: pytest.MonkeyPatch) -> None:
    begun: list[list[str]] = []

    class Started:
        pid = 1

        def __init__(self, command: list[str], **how: Any) -> None:
            begun.append(command)
            assert how["start_new_session"]

        def poll(self) -> int:
            return 0

    monkeypatch.setattr("tastemaker.app.jobs.subprocess.Popen", Started)
    app = show("train", root)
    press(app, words.START_KIND["retrain"])
    (job,) = reading(root, list_jobs)
    assert (job.kind, job.state) == ("retrain", "queued")
    assert begun[0][1:6] == ["-m", "tastemaker", "jobs", "run", str(job.id)]
    assert all(button.disabled for button in app.button if button.key and button.key.startswith("start"))
    press(app, words.CANCEL)
    assert reading(root, list_jobs)[0].state == "cancelled"


def test_errors_of_ours_are_never_traces(root: Path, show: Show, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: Any) -> Any:
        raise StoreError("The disk is full. Free some space and run this again.")

    monkeypatch.setattr("tastemaker.app.data.quality.look", broken)
    app = show("quality", root)
    assert not app.exception
    assert "Free some space" in said(app)
