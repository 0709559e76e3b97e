"""Who may change a project; how the app is started; what the report needs."""

import os
import re
import subprocess
import sys
from html.parser import HTMLParser
from importlib.util import find_spec
from pathlib import Path
from time import monotonic, sleep

import pytest
from typer.testing import CliRunner

from tastemaker.app import jobs, serve, start
from tastemaker.app.data import training
from tastemaker.app.report import page, write_report
from tastemaker.app.settings import Settings, on_this_machine
from tastemaker.cli.app import app
from tastemaker.errors import MissingExtra
from tastemaker.lifecycle import Project
from tastemaker.store import Store, active_version, add_job, find_job, put_meta

HERE = Path(".")


@pytest.mark.parametrize(
    ("settings", "key", "may"),
    [
        (Settings(HERE), "", True),
        (Settings(HERE, address="localhost"), "", True),
        (Settings(HERE, address="::1"), "", True),
        (Settings(HERE, address="0.0.0.0"), "", False),
        (Settings(HERE, address="shop.example"), "", False),
        (Settings(HERE, admin_key="a"), "", False),
        (Settings(HERE, admin_key="a"), "b", False),
        (Settings(HERE, admin_key="ä"), "ä", True),
        (Settings(HERE, admin_key="a", address="0.0.0.0"), "a", True),
        (Settings(HERE, read_only=True), "", False),
        (Settings(HERE, read_only=True, admin_key="a"), "a", False),
    ],
)
def test_who_may_change_a_project(settings: Settings, key: str, may: bool) -> None:
    assert settings.may_change(key) is may
    assert Settings.of(settings.as_environment()) == settings


def test_which_addresses_are_this_machine() -> None:
    assert on_this_machine("127.0.0.2")
    assert not on_this_machine("10.0.0.1")


def test_the_command_tells_streamlit_to_be_quiet_and_local() -> None:
    told = start.command(Settings(HERE), 8555)
    assert told[:3] == [sys.executable, "-m", "tastemaker.app.serve"]
    assert {"--browser.gatherUsageStats=false", "--server.address=127.0.0.1", "--server.port=8555"} <= set(told)
    assert "--runner.postScriptGC=false" in told  # it took longer than the page, with many items
    assert "a secret" not in " ".join(start.command(Settings(HERE, admin_key="a secret"), 1))


def test_the_first_visitor_waits_for_no_module_that_only_other_pages_need() -> None:
    pytest.importorskip("streamlit", reason="the extra `app` is not installed")
    code = f"import sys, importlib; [importlib.import_module(n) for n in {serve.FIRST}]; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert {"streamlit", "tastemaker.app.describe"} <= set(loaded)
    assert not {"altair", "pandas", "tastemaker.experiment", "numba"} & set(loaded)


def test_what_is_needed_later_is_still_there_before_anybody_asks() -> None:
    pytest.importorskip("streamlit", reason="the extra `app` is not installed")
    assert all(find_spec(name) for name in (*serve.FIRST, *serve.LATER))


def test_without_the_extra_its_install_line_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(start, "find_spec", lambda name: None)
    with pytest.raises(MissingExtra, match=r"pip install 'tastemaker\[app\]'"):
        start.check_extra()


class Page(HTMLParser):
    """Everything that a page would fetch, and the tags that it has."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.fetched: list[str] = []
        self.tags: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        wanted = [value or "" for name, value in attributes if name in ("src", "href", "xlink:href", "data", "action")]
        self.fetched += [value for value in wanted if not value.startswith("#")]


def test_the_report_is_one_page_that_fetches_nothing(store: Store) -> None:
    text = write_report(store, store.root / "out.html", 1_800_000_000).read_text("utf-8")
    found = Page(text)
    assert all(one.startswith("data:text/csv;base64,") for one in found.fetched)
    assert len(found.fetched) == found.tags.count("figure") >= 12
    text = re.sub(r'href="data:[^"]*"', "", text)
    assert not {"script", "link", "iframe", "img"} & set(found.tags)
    assert "url(" not in text.replace("url(#", "")
    assert found.tags.count("svg") == found.tags.count("figure")
    assert found.tags.count("h2") == 6
    assert len(text) < 1_500_000


def test_the_report_of_an_empty_project_says_what_to_do(tmp_path: Path) -> None:
    with Project.init(tmp_path / "empty", "movies") as project:
        text = page(project.store, 0)
        with project.store.begin() as conn:
            put_meta(conn, recipe=project.store.recipe() | {"title": ""})
        assert "<p class=note>1970-01-01" in page(project.store, 0)
    assert "tastemaker import --catalog" in text
    assert "<svg" not in text


def test_the_report_command_says_where_it_is(root: Path) -> None:
    done = CliRunner().invoke(app, ["report", "-p", str(root), "--to", str(root / "mail.html")])
    assert done.exit_code == 0, done.output
    assert (root / "mail.html").stat().st_size > 10_000


def test_a_title_that_is_html_stays_text(store: Store) -> None:
    import sqlalchemy as sa

    from tastemaker.store.tables import activations

    with store.begin() as conn:
        conn.execute(sa.update(activations).values(reason="<script>alert(1)</script>"))
    assert "script" not in Page(page(store, 1_800_000_000)).tags


def test_a_job_runs_in_its_own_process_and_says_what_came_of_it(taught: Project) -> None:
    id_ = jobs.start(taught.store, "pretrain", {"seed": 1})
    (process,) = [one for one in jobs._STARTED.values() if str(id_) in one.args]
    assert process.wait(timeout=240) == 0
    with taught.store.read() as conn:
        done = find_job(conn, id_)
    assert done.state == "done", done.error
    assert done.result is not None
    assert done.result["what"] == "pretrained"
    assert "done" in jobs.log_tail(taught.store.root, id_)
    assert training.stage_rows(done)
    assert training.busy([done]) is None


def test_a_cancelled_job_leaves_what_answers_as_it_was(taught: Project) -> None:
    with taught.store.begin() as conn:
        before = active_version(conn)
        id_ = add_job(conn, "pretrain", {"seed": 2}, 0)
    jobs.cancel(taught.store, id_)
    assert taught.run_job(id_).state == "cancelled"
    with taught.store.read() as conn:
        assert active_version(conn) == before


def test_a_kind_of_job_that_nobody_knows_fails_by_name(taught: Project) -> None:
    with taught.store.begin() as conn:
        id_ = add_job(conn, "dance", {}, 0)
    found = taught.run_job(id_)
    assert found.state == "failed"
    assert "There are: retrain, pretrain, train, tune" in str(found.error)


def test_a_signal_that_ends_the_command_ends_the_app_too(tmp_path: Path) -> None:
    child = tmp_path / "child.pid"
    code = f"""
import sys
from pathlib import Path
from tastemaker.app import start
from tastemaker.app.settings import Settings
sleeping = "import os, time; open({str(child)!r}, 'w').write(str(os.getpid())); time.sleep(60)"
start.command = lambda settings, port: [sys.executable, "-c", sleeping]
sys.exit(start.run_app(Settings(Path(".")), 1))
"""
    with subprocess.Popen([sys.executable, "-c", code]) as process:
        end = monotonic() + 30
        while not (child.exists() and child.read_text("utf-8")) and monotonic() < end:
            sleep(0.05)
        process.terminate()
        assert process.wait(30) == 0
    with pytest.raises(ProcessLookupError):
        os.kill(int(child.read_text("utf-8")), 0)
