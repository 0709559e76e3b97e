"""Every page in a browser, wide and on a phone, light and dark; every action; nothing asked of anybody else."""

import csv
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tastemaker.app import words
from tastemaker.lifecycle import Project
from tastemaker.store import Store, active_version, list_jobs

from ..shops import copied
from .browsing import AXE, PHONE, WIDE, Visitor, chromium, served

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(chromium() is None, reason="no chromium: apt-get install chromium"),
]
PICTURES = os.environ.get("TASTEMAKER_SCREENSHOTS")  # a folder, where they are wanted
LOOKS = {"light": WIDE, "dark": PHONE}


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    api = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")
    pytest.importorskip("streamlit", reason="the extra `app` is not installed")
    with api.sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=chromium(), args=["--no-sandbox"])
        yield opened
        opened.close()


@pytest.fixture(scope="session")
def tracks(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project whose items have numbers, and that nobody has taught."""
    folder, rng = tmp_path_factory.mktemp("tracks"), np.random.default_rng(0)
    names = ["danceability", "energy", "valence", "tempo", "acousticness"]
    with (folder / "tracks.csv").open("w", newline="", encoding="utf-8") as opened:
        out = csv.writer(opened)
        out.writerow(["track_id", "track_name", "track_artist", "genre", "track_album_release_date", *names])
        for k in range(80):
            loud = k % 4 / 3
            numbers = np.clip(
                np.array([loud, loud, rng.random(), 60 + 120 * loud, 1 - loud]) + rng.normal(0, 0.1, 5), 0, 200
            )
            out.writerow(
                [
                    f"t{k}",
                    f"Nocturne No. {k}",
                    f"Trio {k % 9}",
                    ["rock", "folk"][k % 2],
                    f"{1970 + k % 50}-01-01",
                    *numbers.round(3),
                ]
            )
    Project.init(folder / "radio", "music", folder / "tracks.csv").close()
    return folder / "radio"


@pytest.fixture(scope="session")
def projects(past: Path, taught_light: Path, tracks: Path) -> dict[str, Path]:
    return {"ratings": past, "tastes": taught_light, "numbers": tracks}


def visit(browser: Any, url: str, look: str) -> Visitor:
    context = browser.new_context(
        viewport=LOOKS[look], color_scheme=look, reduced_motion="reduce", accept_downloads=True
    )
    return Visitor.of(context, url)


@pytest.mark.parametrize("kind", ["ratings", "tastes", "numbers"])
def test_every_page_wide_and_on_a_phone(kind: str, browser: Any, projects: dict[str, Path], tmp_path: Path) -> None:
    """No console error, exception or request elsewhere, nothing wider than the screen, no serious fault of access."""
    with served(projects[kind], "--read-only") as url:
        for look in LOOKS:
            visitor = visit(browser, url, look)
            for name in words.PAGES:
                visitor.go(name)
                over = visitor.page.evaluate("() => document.documentElement.scrollWidth - window.innerWidth")
                assert over <= 0, f"{name}, {look}: {over} pixels too wide"
                if AXE.exists():
                    visitor.faults += [f"{name}, {look}: {fault}" for fault in visitor.serious()]
                if PICTURES:
                    visitor.picture(Path(PICTURES) / f"{kind}-{name}-{look}.png")
            if (kind, look) == ("ratings", "light"):
                _check_a_file(visitor, tmp_path / "more.csv")
            assert visitor.faults == []
            visitor.page.context.close()


def _check_a_file(visitor: Visitor, file: Path) -> None:
    file.write_text("userId,movieId,rating,timestamp\nu1,1,4,1600000000\nu1,2,11,1600000001\n", "utf-8")
    visitor.go("data")
    visitor.page.locator("input[type=file]").set_input_files(str(file))
    visitor.sees("2 rows: 1 would be loaded, 0 merged into others, 1 refused.")


def test_every_action_on_discover(browser: Any, past: Path, tmp_path: Path) -> None:
    root = _copy(past, tmp_path)
    with served(root) as url:
        visitor = visit(browser, url, "light")
        page = visitor.page
        visitor.press(words.LIKE)
        visitor.sees("Recorded for visitor-")
        visitor.press(words.SKIP)
        page.get_by_role("button", name=words.WHY).first.click()
        visitor.sees("What moved the score")
        page.keyboard.press("Escape")
        page.get_by_role("textbox", name=words.SEARCH).fill("12")
        page.keyboard.press("Enter")
        visitor.done()
        visitor.press("Film 12 (1962)")
        visitor.press(words.CSV)
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


def test_a_training_outlives_the_page_and_a_cancelled_one_changes_nothing(
    browser: Any, taught_light: Path, tmp_path: Path
) -> None:
    root = copied(taught_light, tmp_path)
    recipe = root / "recipe.toml"
    recipe.write_text(
        recipe.read_text("utf-8").replace("[models.bpr]\nepochs = 10", "[models.bpr]\nepochs = 4000"), "utf-8"
    )
    was = _active(root)
    with served(root) as url:
        visitor = visit(browser, url, "light")
        visitor.go("train")
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
