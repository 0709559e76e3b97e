import numpy as np
import pytest
from hypothesis import settings

from tastemaker.testing import lopsided_world
from tastemaker.testing.worlds import questions

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
