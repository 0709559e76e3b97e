import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tastemaker.app import settings
from tastemaker.store import Store

from .browsing import chromium
from .made import lively

PAGES = Path(settings.__file__).parent / "pages"


@pytest.fixture(scope="session")
def past(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project with versions, outcomes, an experiment, a search and lists; nobody changes it."""
    return lively(tmp_path_factory.mktemp("past"))


@pytest.fixture
def root(tmp_path: Path, past: Path) -> Path:
    """A copy of it, to change."""
    return shutil.copytree(past, tmp_path / "loop")


@pytest.fixture
def store(root: Path) -> Iterator[Store]:
    opened = Store.open(root)
    yield opened
    opened.close()


@pytest.fixture
def show(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    """A page of a project, run as Streamlit runs it, without a browser."""
    testing = pytest.importorskip("streamlit.testing.v1", reason="the extra `app` is not installed")
    import streamlit as st

    def shown(page: str, root: Path, read_only: bool = False, key: str = "", address: str = "127.0.0.1") -> Any:
        st.cache_resource.clear()
        monkeypatch.delenv(settings.ADMIN_KEY, raising=False)
        for name, value in settings.Settings(root, read_only, address, key).as_environment().items():
            monkeypatch.setenv(name, value)
        return testing.AppTest.from_file(str(PAGES / f"{page}.py"), default_timeout=60).run()

    return shown


@pytest.fixture(scope="package")
def browser() -> Iterator[Any]:
    """One for all pages. Playwright keeps an event loop running in this thread: no other room may meet it."""
    api = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")
    pytest.importorskip("streamlit", reason="the extra `app` is not installed")
    with api.sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=chromium(), args=["--no-sandbox"])
        yield opened
        opened.close()
