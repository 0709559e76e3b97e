"""What is done on the pages, one by one: it changes what it says it changes, and refuses what it must."""

import re
from collections.abc import Callable
from pathlib import Path
from time import time
from typing import Any

import pytest
import sqlalchemy as sa

from tastemaker.app import words
from tastemaker.app.parts import plain
from tastemaker.errors import StoreError
from tastemaker.lifecycle import Project
from tastemaker.store import Store, active_version, add_job, list_activations, list_jobs, new_holder, read_slates
from tastemaker.store.experiments import list_experiments
from tastemaker.store.tables import events, users

from .test_pages import n_events, press, reading, said

Show = Callable[..., Any]
TITLE = re.compile(r"<b>\d+\. (.*?)</b>")


def titles(app: Any) -> list[str]:
    """Of the list, in its order."""
    return [title for one in app.html for title in TITLE.findall(one.value)]


def test_a_like_is_recorded_and_the_next_list_is_another(root: Path, show: Show) -> None:
    app, before = show("discover", root), n_events(root)
    lists = len(reading(root, read_slates))
    title = titles(app)[0]
    press(app, words.LIKE)
    assert not app.exception
    assert n_events(root) == before + 1
    assert plain(title) in app.success[0].value
    assert title not in titles(app)
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


def test_an_item_is_few_pieces_each_of_which_is_a_message(past: Path, show: Show) -> None:
    app = show("discover", past, read_only=True)
    app.slider(key="n").set_value(5).run()
    five = sum(1 for _ in app.main)
    app.slider(key="n").set_value(10).run()
    assert len(titles(app)) == 10
    assert (
        sum(1 for _ in app.main) - five <= 5 * 8
    )  # a box, what it says, a row: three to click, a bubble and its table


def test_a_known_user_and_a_taste_change_the_list(past: Path, show: Show) -> None:
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


def test_a_cleared_rating_is_no_rating(root: Path, show: Show) -> None:
    app, before = show("discover", root), n_events(root)
    rating = next(box for box in app.selectbox if box.label == words.RATE)
    app.session_state[rating.key] = None
    rating.set_value(4.0).run()
    assert n_events(root) == before + 1
    rating = next(box for box in app.selectbox if box.label == words.RATE)
    rating.set_value(None).run()
    assert not app.exception
    assert n_events(root) == before + 1


def test_foretold_and_given_stars_are_shown(past: Path, show: Show) -> None:
    app = show("discover", past, read_only=True)
    assert "★ " in said(app)
    assert "of 5 foretold" in said(app)
    app.segmented_control(key="who").set_value(words.KNOWN_USER).run()
    user = app.selectbox(key="user").value
    store = Store.open(past)
    with store.read() as conn:
        chosen = sa.select(sa.func.count()).select_from(events.join(users)).where(users.c.id == user)
        n = min(20, conn.scalar(chosen) or 0)
    store.close()
    assert words.GAVE.format(n=n) in [box.label for box in app.expander]


def test_of_a_new_visitor_nothing_is_noted_and_over_means_over(root: Path, show: Show) -> None:
    app = show("discover", root)
    assert "nothing is known of a user" not in said(app)
    assert words.START_OVER not in [button.label for button in app.button]
    press(app, words.LIKE)
    visitor = app.session_state["visitor"]
    app.multiselect(key="tastes").set_value(["horror"]).run()
    app.selectbox(key="filter era").set_value("1990s").run()
    press(app, words.START_OVER)
    assert not app.exception
    assert app.session_state["visitor"] != visitor
    assert not app.multiselect(key="tastes").value
    assert app.selectbox(key="filter era").value is None
    assert words.START_OVER not in [button.label for button in app.button]


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


def test_a_job_that_cannot_be_started_is_said(root: Path, show: Show, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: Any, **__: Any) -> Any:
        raise OSError("No space left on device")

    monkeypatch.setattr("tastemaker.app.jobs.subprocess.Popen", full)
    app = show("train", root)
    press(app, words.START_KIND["retrain"])
    assert not app.exception
    assert "No space left" in app.error[0].value


def test_the_lines_for_the_terminal_do_what_the_buttons_do(root: Path, show: Show) -> None:
    app = show("train", root)
    app.number_input(key="trials").set_value(7).run()
    lines = next(code.value for code in app.code if "tastemaker tune" in code.value)
    assert "tastemaker retrain --seed 0" in lines
    assert "--search bayesian --trials 7" in lines
    assert words.POLICIES["activate"] in said(app)


def test_a_database_that_goes_away_beside_a_job(root: Path, show: Show, monkeypatch: pytest.MonkeyPatch) -> None:
    def gone(*_: Any) -> Any:
        raise StoreError("The database is missing. Bring it back: tastemaker db restore FILE")

    with Project.open(root) as project, project.store.begin() as conn:
        add_job(conn, "retrain", {}, int(time()), new_holder())
    monkeypatch.setattr("tastemaker.app.data.training.job", gone)  # what the fragment alone asks
    app = show("train", root)
    assert not app.exception
    assert "tastemaker db restore" in said(app)


def test_a_guard_is_started_with_the_experiment(root: Path, show: Show) -> None:
    app = show("experiments", root)
    press(app, words.STOP_EXPERIMENT.format(id=1))
    next(box for box in app.multiselect if box.label == words.GUARDED).set_value(["place"])
    press(app, words.START_EXPERIMENT)
    assert not app.exception
    assert reading(root, list_experiments)[-1].settings["guards"][0]["metric"] == "place"


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
