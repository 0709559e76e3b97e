from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import settings

from tastemaker.lifecycle import Project
from tastemaker.testing import lopsided_world
from tastemaker.testing.worlds import questions

from .shops import copied, new_shop

settings.register_profile("ours", deadline=None, derandomize=True, database=None)  # the same run everywhere
settings.load_profile("ours")


@pytest.fixture
def rng():
    return np.random.default_rng(0)


@pytest.fixture
def world():
    return lopsided_world()


@pytest.fixture
def asked(world):
    """Six queries to the lopsided world."""
    return questions(world)


@pytest.fixture(scope="session")
def new_light(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return new_shop(tmp_path_factory.mktemp("new"), light=True)


@pytest.fixture(scope="session")
def taught_light(tmp_path_factory: pytest.TempPathFactory, new_light: Path) -> Path:
    root = copied(new_light, tmp_path_factory.mktemp("taught"))
    with Project.open(root) as project:
        project.pretrain()
    return root


@pytest.fixture
def new(tmp_path: Path, new_light: Path) -> Iterator[Project]:
    """A project that nobody has taught, with models that need no PyTorch."""
    with Project.open(copied(new_light, tmp_path)) as project:
        yield project


@pytest.fixture
def taught(tmp_path: Path, taught_light: Path) -> Iterator[Project]:
    """The same after `pretrain`: version 0 (content), 1 (content), 2 (bpr)."""
    with Project.open(copied(taught_light, tmp_path)) as project:
        yield project
