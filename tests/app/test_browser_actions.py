"""Every action of the pages in a browser, carried out on projects of their own."""

from pathlib import Path
from typing import Any

import pytest

from tastemaker.app import words
from tastemaker.store import Store, active_version, list_jobs

from ..shops import copied
from .browsing import PICTURES, chromium, served, visit

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(chromium() is None, reason="no chromium: apt-get install chromium"),
]


def test_every_action_on_discover(browser: Any, past: Path, tmp_path: Path) -> None:
    root = _copy(past, tmp_path)
    with served(root) as url:
        visitor = visit(browser, url, "light")
        page = visitor.page
        visitor.press(words.LIKE)
        visitor.sees("Recorded for visitor-")
        visitor.press(words.SKIP)
        visitor.choose(words.RATE)
        visitor.sees("Rated Film")
        visitor.done()
        page.get_by_text(words.RECORD).click()
        visitor.done()
        visitor.press(words.LIKE)
        visitor.sees("nothing was recorded")
        page.get_by_text(words.FILTERS).click()
        visitor.choose("era")
        page.locator("summary", has_text=words.WHY).first.click()
        visitor.sees("What moved the score")
        page.get_by_role("textbox", name=words.SEARCH).fill("12")
        page.keyboard.press("Enter")
        visitor.done()
        visitor.press("Film 12 (1962)")
        page.get_by_text(words.COMPARE).click()
        visitor.done()
        visitor.sees("items are on both lists")
        page.get_by_text(words.COMPARE).click()
        page.get_by_text(words.KNOWN_USER).click()
        visitor.done()
        visitor.press(words.START_OVER)
        assert visitor.faults == []


def test_every_action_on_versions_and_experiments(browser: Any, past: Path, tmp_path: Path) -> None:
    root = _copy(past, tmp_path)
    was = _active(root)
    with served(root, "--admin-key", "open sesame") as url:
        visitor = visit(browser, url, "light")
        page = visitor.page
        visitor.go("versions")
        assert not visitor.button(words.ACTIVATE).count()
        page.get_by_label(words.ADMIN_KEY, exact=True).fill("open sesame")
        page.keyboard.press("Enter")
        visitor.button(words.ACTIVATE).wait_for()
        for label, changed in ((words.ACTIVATE, True), (words.ROLL_BACK, False)):
            page.get_by_label(words.REASON).fill("a test")
            visitor.press(label)
            visitor.sees("answers now")
            assert (_active(root) != was) is changed
        visitor.go("experiments")
        visitor.press(words.STOP_EXPERIMENT.format(id=1))
        visitor.sees("Stopped.")
        visitor.press(words.START_EXPERIMENT)
        visitor.sees("Experiment 2 runs")
        assert visitor.faults == []


def test_a_training_and_a_search_begin_and_are_cancelled(browser: Any, past: Path, tmp_path: Path) -> None:
    root = _copy(past, tmp_path)
    with served(root) as url:
        visitor = visit(browser, url, "light")
        visitor.go("train")
        for number, kind in enumerate(("retrain", "tune"), 1):
            visitor.press(words.START_KIND[kind])
            visitor.sees("has started")
            visitor.press(words.CANCEL)
            visitor.sees(f"Job {number} is cancelled")
        assert visitor.faults == []
    store = Store.open(root)
    with store.read() as conn:
        assert {job.kind: job.state for job in list_jobs(conn)} == {"tune": "cancelled", "retrain": "cancelled"}
    store.close()


def test_a_training_outlives_the_page_and_a_cancelled_one_changes_nothing(
    browser: Any, taught_light: Path, tmp_path: Path
) -> None:
    root = copied(taught_light, tmp_path)
    recipe = root / "recipe.toml"
    recipe.write_text(
        recipe.read_text("utf-8").replace("[models.bpr]\nepochs = 10", "[models.bpr]\nepochs = 100000"), "utf-8"
    )
    was = _active(root)
    with served(root) as url:
        visitor = visit(browser, url, "light")
        visitor.go("train")
        if PICTURES:
            visitor.picture(Path(PICTURES) / "train.png")
        visitor.press(words.START_KIND["pretrain"])
        visitor.sees("Job 1: ")
        _until(root, "running")
        visitor.page.context.close()
        again = visit(browser, url, "light")
        assert _until(root, "running")
        again.go("train")
        again.button(words.CANCEL).wait_for()
        again.press(words.CANCEL)
        _until(root, "cancelled")
        again.page.get_by_text("Job 1 is cancelled").first.wait_for()
        assert (visitor.faults, again.faults) == ([], [])
    assert _active(root) == was


def _copy(root: Path, folder: Path) -> Path:
    import shutil

    return shutil.copytree(root, folder / "loop")


def _active(root: Path) -> int:
    store = Store.open(root)
    with store.read() as conn:
        found = active_version(conn)
    store.close()
    assert found is not None
    return found.id


def _until(root: Path, state: str) -> bool:
    """Until the job has that state."""
    from time import monotonic, sleep

    store, end = Store.open(root), monotonic() + 60
    try:
        while monotonic() < end:
            with store.read() as conn:
                (job,) = list_jobs(conn)
            if job.state == state:
                return True
            sleep(0.2)
    finally:
        store.close()
    raise AssertionError(f"the job is {job.state}, not {state}: {job.error}")
