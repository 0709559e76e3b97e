from collections.abc import Iterator
from pathlib import Path

import pytest

from tastemaker.lifecycle import Project

from ..shops import copied
from .opened import Service, opened

pytest.importorskip("fastapi", reason="the service is an extra: pip install 'tastemaker[serve]'")


@pytest.fixture
def shop(tmp_path: Path, taught_light: Path) -> Path:
    return copied(taught_light, tmp_path)


@pytest.fixture
def service(shop: Path) -> Iterator[Service]:
    """A worker in this process, opened with a key of all scopes."""
    with opened(shop) as made:
        yield made


@pytest.fixture
def project(shop: Path) -> Iterator[Project]:
    """The same project, as another program sees it."""
    with Project.open(shop) as made:
        yield made
