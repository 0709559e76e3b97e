"""Every page in a browser, wide and on a phone, light and dark; every action; nothing asked of anybody else."""

import csv
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tastemaker.app import words
from tastemaker.lifecycle import Project

from .browsing import AXE, LOOKS, PICTURES, Visitor, chromium, served, visit
from .others import feeling

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(chromium() is None, reason="no chromium: apt-get install chromium"),
]
ALL, TWO = tuple(LOOKS), ("light", "dark-phone")
WALKS = {"ratings": ALL, "tastes": TWO, "numbers": TWO, "moments": TWO}


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
def moments(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project that hears how somebody feels."""
    return feeling(tmp_path_factory.mktemp("moments"))


@pytest.fixture(scope="session")
def projects(past: Path, taught_light: Path, tracks: Path, moments: Path) -> dict[str, Path]:
    return {"ratings": past, "tastes": taught_light, "numbers": tracks, "moments": moments}


@pytest.mark.parametrize("kind", WALKS)
def test_every_page_wide_and_on_a_phone(kind: str, browser: Any, projects: dict[str, Path], tmp_path: Path) -> None:
    """No console error, exception or request elsewhere, nothing wider than the screen, no serious fault of access."""
    with served(projects[kind], "--read-only") as url:
        for look in WALKS[kind]:
            visitor = visit(browser, url, look)
            for name in words.PAGES:
                visitor.go(name)
                if name == "discover":
                    _describe(visitor, kind)
                over = visitor.page.evaluate("() => document.documentElement.scrollWidth - window.innerWidth")
                assert over <= 0, f"{name}, {look}: {over} pixels too wide"
                if AXE.exists():
                    visitor.faults += [f"{name}, {look}: {fault}" for fault in visitor.serious()]
                if PICTURES:
                    visitor.picture(Path(PICTURES) / f"{kind}-{name}-{look}.png")
                    if (kind, name) == ("numbers", "discover"):
                        pictured = visitor.page.get_by_test_id("stVegaLiteChart")
                        pictured.screenshot(path=Path(PICTURES) / f"map-{look}.png")
            if (kind, look) == ("ratings", "light"):
                _take_every_csv(visitor)
                _choose(visitor)
                _check_a_file(visitor, tmp_path / "more.csv")
            assert visitor.faults == []
            visitor.page.context.close()


def _describe(visitor: Visitor, kind: str) -> None:
    """What this kind of project can be told of a person; the list follows."""
    page = visitor.page
    if kind == "ratings":
        page.get_by_text(words.KNOWN_USER).click()
        visitor.done()
        visitor.sees("What they gave before")
    elif kind == "tastes":
        for nth in (0, 1):
            page.get_by_role("toolbar", name=words.TASTES).get_by_role("button").nth(nth).click()
            visitor.done()
        page.get_by_role("slider").first.wait_for()
    elif kind == "numbers":
        page.get_by_role("textbox", name=words.SEARCH).fill("nocturne 12")
        page.keyboard.press("Enter")
        visitor.done()
        visitor.press("Nocturne No. 12")
        visitor.page.get_by_text(words.LIKED_ITEMS, exact=True).wait_for()
    else:
        page.get_by_role("textbox", name=words.FEELING).fill("I feel so sad and lonely today")
        page.keyboard.press("Control+Enter")
        visitor.sees("How it is understood")
        visitor.done()


def _take_every_csv(visitor: Visitor) -> None:
    for name in words.PAGES:
        visitor.go(name)
        buttons = visitor.page.get_by_role("button", name=words.CSV, exact=True)
        for k in range(buttons.count()):
            with visitor.page.expect_download() as taken:
                buttons.nth(k).click()
            assert Path(taken.value.path()).read_text("utf-8").count("\n") > 1


def _choose(visitor: Visitor) -> None:
    """Another version's figures; the one search there is."""
    visitor.go("versions")
    visitor.choose(words.FIRST)
    assert "active" not in visitor.page.get_by_role("combobox", name=words.FIRST, exact=True).input_value()
    visitor.go("tuning")
    visitor.choose(words.STUDY)
    visitor.sees("Learned again with new chance")


def _check_a_file(visitor: Visitor, file: Path) -> None:
    file.write_text("userId,movieId,rating,timestamp\nu1,1,4,1600000000\nu1,2,11,1600000001\n", "utf-8")
    visitor.go("data")
    visitor.page.locator("input[type=file]").set_input_files(str(file))
    visitor.sees("Nothing would be imported: 1 of 2 rows are bad.")
    visitor.page.get_by_text(words.TERMINAL).click()
    visitor.sees("tastemaker import --skip-bad-rows more.csv")
