from dataclasses import replace
from itertools import permutations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tastemaker.data.exploration import explored
from tastemaker.data.query import Query
from tastemaker.recommender import single
from tastemaker.scorers import Popularity


def chance(order, n_pool, explore):
    """The chance of a whole slate, the slow way: each position's chance among what is left."""
    left, found = list(range(n_pool)), 1.0
    for item in order:
        drawn = (1 / (item + 1)) / sum(1 / (other + 1) for other in left)
        found *= explore * drawn + (1 - explore) * (item == min(left))
        left.remove(item)
    return found


@given(st.integers(1, 6), st.integers(1, 6), st.floats(0, 1), st.integers(0, 99))
def test_the_logged_propensities_are_the_chances(n_pool, n, explore, seed):
    order, chances = explored(n_pool, n, explore, np.random.default_rng(seed))
    assert len(order) == len(set(order.tolist())) == min(n, n_pool)
    assert chances.prod() == pytest.approx(chance(order.tolist(), n_pool, explore))
    assert ((chances > 0) & (chances <= 1 + 1e-12)).all()


def test_slates_come_as_often_as_they_should():
    every = list(permutations(range(4), 2))
    assert sum(chance(order, 4, 0.3) for order in every) == pytest.approx(1.0)
    rng = np.random.default_rng(0)
    drawn = [tuple(explored(4, 2, 0.3, rng)[0].tolist()) for _ in range(20_000)]
    for order in every:
        expected = chance(order, 4, 0.3)
        assert abs(drawn.count(order) / 20_000 - expected) < 4.5 * np.sqrt(expected * (1 - expected) / 20_000)


def test_without_exploration_the_best_is_shown():
    order, chances = explored(5, 3, 0.0, np.random.default_rng(0))
    assert (order.tolist(), chances.tolist()) == ([0, 1, 2], [1.0, 1.0, 1.0])


def questions(world):
    ids = world.data.catalog.items.ids
    return [Query(n=5), Query(likes=ids[:2], n=7), Query(exclude=ids[3:5], n=3), Query(candidates=ids[10:14], n=9)]


def test_a_recommender_explores_only_when_it_may(world):
    n, asked = len(world.data.catalog), questions(world)
    plain = single(world.data.catalog, (), Popularity(np.linspace(1, 0, n, dtype=np.float32)))
    curious = replace(plain, explore=0.5)
    best = plain.recommend(asked)
    for rng, recommender in ((None, curious), (np.random.default_rng(0), plain)):
        found = recommender.recommend(asked, explore_rng=rng)
        assert [slate.items for slate in found] == [slate.items for slate in best]
        assert all(p == 1.0 for slate in found for p in slate.propensities)
    drawn = curious.recommend(asked, explore_rng=np.random.default_rng(3))
    again = curious.recommend(asked, explore_rng=np.random.default_rng(3))
    assert drawn == again
    assert any(a.items != b.items for a, b in zip(drawn, best, strict=True))
    for slate, query in zip(drawn, asked, strict=True):
        assert len(slate.items) == len(set(slate.items)) == len(slate.propensities) == len(slate.scores)
        assert not {*query.likes, *query.ratings, *query.exclude} & set(slate.items)
        assert all(0.0 < p <= 1.0 for p in slate.propensities)


def test_exploration_fills_up_from_the_next_level(world):
    n, asked = len(world.data.catalog), questions(world)
    first = np.full(n, np.nan, np.float32)
    first[:3] = (3, 2, 1)
    low = single(world.data.catalog, (), Popularity(np.linspace(1, 0, n, dtype=np.float32)), "low")
    high = single(world.data.catalog, (), Popularity(first), "high")
    both = replace(low, levels=(*high.levels, *low.levels), explore=0.9, repeat=True)
    (slate,) = both.recommend([replace(asked[0], n=6)], explore_rng=np.random.default_rng(1))
    assert slate.sources == ("high",) * 3 + ("low",) * 3
    assert set(slate.items[:3]) == set(world.data.catalog.items.ids[:3])
    assert slate.propensities[2] == pytest.approx(1.0)  # the last of three
    assert slate.propensities[3] < 1.0
