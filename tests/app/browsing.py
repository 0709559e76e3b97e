"""A browser that looks at the app as a visitor does, and complains as a strict one would."""

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic, sleep
from typing import Any
from urllib.request import urlopen

from tastemaker.app import words

CHROMIUM = ("/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome")
AXE = Path(sys.prefix) / "axe" / "node_modules" / "axe-core" / "axe.min.js"
PICTURES = os.environ.get("TASTEMAKER_SCREENSHOTS")  # a folder, where they are wanted
WAIT = 30_000  # ms
WIDE, PHONE = {"width": 1280, "height": 900}, {"width": 400, "height": 800}
LOOKS = {"light": ("light", WIDE), "dark-phone": ("dark", PHONE), "dark": ("dark", WIDE), "phone": ("light", PHONE)}
TALL = 1700  # pixels of a screenshot, at most


def chromium() -> str | None:
    return next((path for path in CHROMIUM if Path(path).exists()), None)


@contextmanager
def served(root: Path, *options: str) -> Iterator[str]:
    """`tastemaker app` on a free port; its address."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "tastemaker", "app", "-p", str(root), "--port", str(port), *options]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("TASTEMAKER_")}
    with subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            _await(f"http://127.0.0.1:{port}/_stcore/health", process)
            yield f"http://127.0.0.1:{port}"
        finally:
            process.send_signal(2)  # as Ctrl-C does: its own process ends with it
            process.wait(timeout=20)


def _await(url: str, process: "subprocess.Popen[bytes]") -> None:
    until = monotonic() + 60
    while monotonic() < until:
        assert process.poll() is None, "the app ended by itself"
        try:
            with urlopen(url, timeout=1):
                return
        except OSError:
            sleep(0.2)
    raise AssertionError("the app does not answer")


@dataclass
class Visitor:
    """One browser page; `faults` is what a strict visitor would complain about."""

    page: Any
    url: str
    faults: list[str] = field(default_factory=list)

    @classmethod
    def of(cls, context: Any, url: str) -> "Visitor":
        page = context.new_page()
        page.set_default_timeout(WAIT)
        visitor = cls(page, url)
        page.on("console", lambda m: visitor.faults.append(f"console: {m.text}") if m.type == "error" else None)
        page.on("pageerror", lambda error: visitor.faults.append(f"page error: {error}"))
        page.on("request", visitor._asked)
        page.goto(url)
        visitor.settle("discover")
        return visitor

    def _asked(self, request: Any) -> None:
        here = (self.url, self.url.replace("http", "ws", 1), "data:", "blob:")
        if not request.url.startswith(here):
            self.faults.append(f"asked {request.url}")

    def settle(self, name: str) -> None:
        """Until the page has its heading, the script is done, and nothing is a placeholder any more."""
        self.page.get_by_role("heading", level=1, name=words.PAGES[name][0], exact=True).wait_for()
        self.done()

    def done(self) -> None:
        self.page.wait_for_timeout(150)  # what was just done has reached the server
        self.page.wait_for_selector("[data-testid=stApp][data-test-script-state=notRunning]")
        self.page.wait_for_function(
            "() => !document.querySelector('[data-testid=stSkeleton],[data-testid=stAppSkeleton],[data-stale=true]')"
        )
        boxes = self.page.locator("[data-testid=stException]")
        self.faults += [f"exception: {boxes.nth(k).inner_text()}" for k in range(boxes.count())]

    def go(self, name: str) -> None:
        """By the navigation, as a visitor does."""
        link = self.page.locator("[data-testid=stSidebarNav] a", has_text=words.PAGES[name][0])
        if not self._in_view(link):
            self.page.locator("[data-testid=stExpandSidebarButton]").click()
            self.page.wait_for_timeout(400)
        link.click()
        self.settle(name)
        if self.page.viewport_size["width"] < 640 and self._in_view(link):
            self.page.get_by_test_id("stSidebarCollapseButton").get_by_role("button").click()
            self.page.wait_for_timeout(400)

    def _in_view(self, link: Any) -> bool:
        box = link.bounding_box() if link.count() else None
        return box is not None and box["x"] >= 0

    def button(self, label: str, nth: int = 0) -> Any:
        return self.page.get_by_role("button", name=label, exact=True).nth(nth)

    def press(self, label: str, nth: int = 0) -> None:
        self.button(label, nth).click()
        self.done()

    def choose(self, label: str) -> None:
        """The first of what a box offers, by the keyboard."""
        box = self.page.get_by_role("combobox", name=label, exact=True).first
        for _ in range(20):  # a page that is drawn anew closes it
            box.press("ArrowDown")
            self.page.wait_for_timeout(200)
            if self.page.get_by_role("option").count():
                break
        box.press("Enter")
        self.done()

    def sees(self, text: str) -> None:
        self.page.get_by_text(text).first.wait_for()

    def serious(self) -> list[str]:
        """What axe-core finds serious or critical, by WCAG 2.1 A and AA."""
        self.page.add_script_tag(content=AXE.read_text("utf-8"))
        found = self.page.evaluate(
            "rules => axe.run(document, {runOnly: rules, resultTypes: ['violations']})",
            ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"],
        )
        return [
            f"{one['id']}: {one['help']}: {[node['html'][:160] for node in one['nodes'][:2]]}"
            for one in found["violations"] if one["impact"] in ("serious", "critical")
        ]  # fmt: skip

    def picture(self, file: Path) -> None:
        """The whole page, not only what fits the window."""
        size = self.page.viewport_size
        height = self.page.evaluate("() => document.querySelector('[data-testid=stMainBlockContainer]').scrollHeight")
        self.page.set_viewport_size({"width": size["width"], "height": min(int(height) + 20, TALL)})
        self.page.wait_for_timeout(700)
        self.done()
        self.page.screenshot(path=str(file))
        self.page.set_viewport_size(size)


def visit(browser: Any, url: str, look: str) -> Visitor:
    scheme, size = LOOKS[look]
    context = browser.new_context(viewport=size, color_scheme=scheme, reduced_motion="reduce", accept_downloads=True)
    return Visitor.of(context, url)
