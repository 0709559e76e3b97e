"""Discover with many items: until it is there, and until a change is, in a browser; beside it the app's own CPU time.

    python benchmarks/app.py --items 40000 --rounds 5

An invented shop: items with three tags, a year and a price; users who do anything. Version 0 answers. Each round is a
new visitor (the first one as soon as the app answers) who looks at the page, changes the strength of a taste, and likes
an item. Wall seconds are this machine's, with chromium on it; the CPU time is that of the app's process alone.
"""

import argparse
import os
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import monotonic, sleep
from typing import Any
from urllib.request import urlopen

import numpy as np
import polars as pl
from playwright.sync_api import sync_playwright

from tastemaker.app import start, words
from tastemaker.app.settings import Settings

CHROMIUM = "/usr/bin/chromium"
TAGS = ["oak", "pine", "rose", "salt", "iron", "moss", "clay", "rain", "dust", "lime", "mint", "sage", "fern"]
WAIT = 120_000  # ms
TICK = os.sysconf("SC_CLK_TCK")


def shop(folder: Path, n: int, events: int) -> Path:
    """A project made as its owner would make it; one that is there is taken as it is."""
    if (folder / "shop").exists():
        return folder / "shop"
    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(0)
    tags = rng.integers(0, len(TAGS), (n, 3))
    titles = [f"{TAGS[a].title()} {TAGS[b].title()} {k}" for k, (a, b, _) in enumerate(tags)]
    pl.DataFrame({
        "id": [f"i{k}" for k in range(n)], "title": titles,
        "tags": ["; ".join(TAGS[t] for t in row) for row in tags], "price": rng.random(n).round(3),
        "year": rng.integers(1980, 2024, n),
    }).write_csv(folder / "items.csv")  # fmt: skip
    user = rng.integers(0, 5000, events)
    pl.DataFrame({
        "user": [f"u{u}" for u in user], "item": [f"i{i}" for i in rng.integers(0, n, events)],
        "timestamp": 1_700_000_000 + np.arange(events),
    }).write_csv(folder / "events.csv")  # fmt: skip
    ours = [sys.executable, "-m", "tastemaker"]
    subprocess.run([*ours, "init", folder / "shop", "--guess", folder / "items.csv", "--yes"], check=True)
    subprocess.run([*ours, "import", folder / "events.csv", "-p", folder / "shop"], check=True)
    return folder / "shop"


def cpu(pid: int) -> float:
    """Seconds that the process has worked."""
    said = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(said[11]) + int(said[12])) / TICK


@contextmanager
def running(root: Path) -> Iterator[tuple[int, str]]:
    """The app's process and its address, from the moment at which it answers."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    settings = Settings(root)
    with subprocess.Popen(start.command(settings, port), env=os.environ | settings.as_environment()) as process:
        try:
            while not _answers(port):
                sleep(0.05)
            yield process.pid, f"http://127.0.0.1:{port}"
        finally:
            process.terminate()


def _answers(port: int) -> bool:
    try:
        return bool(urlopen(f"http://127.0.0.1:{port}/_stcore/health", timeout=1))
    except OSError:
        return False


def timed(pid: int, page: Any, act: Callable[[], Any]) -> tuple[float, float]:
    """(seconds, the app's CPU seconds) until the page is as it will stay."""
    began, worked = monotonic(), cpu(pid)
    act()
    page.wait_for_timeout(40)  # what was done has reached the app
    page.wait_for_selector("h1")
    page.wait_for_selector("[data-testid=stApp][data-test-script-state=notRunning]")
    page.wait_for_function("() => !document.querySelector('[data-stale=true]')")
    return monotonic() - began, cpu(pid) - worked


def visit(browser: Any, pid: int, url: str) -> dict[str, tuple[float, float]]:
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    page.set_default_timeout(WAIT)
    first = timed(pid, page, lambda: page.goto(url))
    page.get_by_role("toolbar", name=words.TASTES).get_by_role("button").first.click()
    page.get_by_role("slider").first.focus()
    change = timed(pid, page, lambda: page.keyboard.press("ArrowRight"))
    button = page.get_by_role("button", name=words.LIKE, exact=True).first
    button.scroll_into_view_if_needed()
    like = timed(pid, page, lambda: button.evaluate("it => it.click()"))  # not the mouse's way there
    page.close()
    return {"first paint": first, "a taste changed": change, "a like recorded": like}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--items", type=int, default=40_000)
    parser.add_argument("--events", type=int, default=200_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--folder", type=Path, help="kept, and taken again")
    asked = parser.parse_args()
    with TemporaryDirectory() as made, sync_playwright() as playwright:
        root = shop(asked.folder or Path(made), asked.items, asked.events)
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        with running(root) as (pid, url):
            rounds = [visit(browser, pid, url) for _ in range(asked.rounds)]
        browser.close()
    for name in rounds[0]:
        first, *later = [one[name] for one in rounds]
        wall, work = (median(column) for column in zip(*(later or [first]), strict=True))
        print(f"{name:16} first visitor {first[0]:.2f} s (CPU {1000 * first[1]:.0f} ms)   "
              f"later, median {wall:.2f} s (CPU {1000 * work:.0f} ms)")  # fmt: skip


if __name__ == "__main__":
    main()
