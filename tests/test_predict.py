"""Predictions down the fallback chain: who says nothing hands on, and the answer says who spoke."""

from dataclasses import dataclass

import numpy as np
import pytest

from tastemaker.data.query import Query
from tastemaker.recommender import Level, Recommender
from tastemaker.scorers import Calibrated, Popularity
from tastemaker.testing import World
from tastemaker.testing.worlds import N_ITEMS, NAMES


@dataclass(frozen=True)
class Broken(Popularity):
    def score_rows(self, batch, rows):
        raise ValueError("out of order")


def level(name: str, values: np.ndarray, kind: type[Popularity] = Popularity) -> Level:
    return Level(name, name, Calibrated(kind(values.astype(np.float32)), 1.0, 0.0, 4.0, 0.0))


@pytest.fixture
def failures() -> list[str]:
    return []


@pytest.fixture
def chain(world: World, failures: list[str]) -> Recommender:
    """One that fails, one that knows items 0 to 9, one without calibration, one that knows items 5 to 19."""
    rows = np.arange(N_ITEMS)
    levels = (
        level("active", rows * 0.0, Broken),
        level("parent", np.where(rows < 10, 0.5, np.nan)),
        Level("content", "0", Popularity(np.ones(N_ITEMS, np.float32))),
        level("popular", np.where((rows >= 5) & (rows < 20), -0.5, np.nan)),
    )
    return Recommender(world.data.catalog, NAMES, levels, on_failure=failures.append)


def test_each_answer_comes_from_the_first_level_that_can_say(chain: Recommender, failures: list[str]) -> None:
    items = np.array([[0, 7, 15, 30], [15, 0, 30, 7]], np.int32)
    said, level = chain.predict([Query(), Query(likes=("item 3",))], items)
    assert level.tolist() == [[1, 1, 3, -1], [3, 1, -1, 1]]
    value, nan = {1: 0.5, 3: -0.5}, np.nan
    np.testing.assert_allclose(said.value, [[value.get(at, nan) for at in row] for row in level.tolist()])
    np.testing.assert_allclose(said.like, 1 / (1 + np.exp(-4 * said.value)), rtol=1e-6)
    assert failures == ["active (version active), predicting: ValueError('out of order')"]


def test_queries_and_batches_are_asked_alike(chain: Recommender) -> None:
    queries, items = [Query(profile={"woody": 0.5}), Query()], np.array([[1], [12]], np.int32)
    asked, encoded = chain.predict(queries, items), chain.predict(chain.encode(queries), items)
    np.testing.assert_array_equal(asked[0].value, encoded[0].value)
    np.testing.assert_array_equal(asked[1], encoded[1])


def test_who_was_answered_is_not_asked_again(chain: Recommender, failures: list[str]) -> None:
    """The level that fails stands behind one that has said everything."""
    turned = Recommender(chain.catalog, NAMES, chain.levels[1::-1], on_failure=failures.append)
    assert turned.predict([Query()], np.array([[3, 4]], np.int32))[1].tolist() == [[0, 0]]
    assert failures == []
