"""Ranked: one member shows, the other foretells, and who told nothing sees what many liked."""

import numpy as np

from tastemaker.algorithms import EASE, BiasedMF, RankedBy
from tastemaker.data.arrays import empty_csr
from tastemaker.data.query import Batch
from tastemaker.testing import AlgorithmContract, lopsided_world
from tastemaker.watch import Watch

MEMBERS = (EASE(l2=5.0), BiasedMF(dim=4, epochs=5))


class TestRanked(AlgorithmContract):
    algorithm = RankedBy(MEMBERS)


def test_each_member_says_its_own_part() -> None:
    world, rng = lopsided_world(), np.random.default_rng
    both = RankedBy(MEMBERS).fit(world.data, world.features, rng(0), Watch())
    ranker = MEMBERS[0].fit(world.data, world.features, rng(0), Watch())
    whole = world.data.matrix("last", world.data.signed())
    history = whole[np.flatnonzero(np.diff(whole.indptr))[:3]]
    asked = Batch(empty_csr(*history.shape), history, np.full(3, -1, np.int32), np.zeros((3, 0), np.float32))
    np.testing.assert_array_equal(both.score(asked), ranker.score(asked))
    for mine, theirs in zip(both.top(asked, 5, history), ranker.top(asked, 5, history), strict=True):
        np.testing.assert_array_equal(mine, theirs)
    assert both.predict(asked).value.shape == (3, len(world.features))


def test_who_told_nothing_sees_what_many_liked() -> None:
    world = lopsided_world()
    both = RankedBy(MEMBERS).fit(world.data, world.features, np.random.default_rng(0), Watch())
    n = len(world.features)
    nobody = Batch(empty_csr(1, n), empty_csr(1, n), np.full(1, -1, np.int32), np.zeros((1, 0), np.float32))
    (rows,), (scores,) = both.top(nobody, 3)
    likes = np.zeros(n)
    data = world.data
    latest = data.matrix("last", data.liked().astype(np.float32)).tocoo()
    np.add.at(likes, latest.coords[1], latest.data)
    assert likes[rows].min() >= np.sort(likes)[-3]
    some = np.unique(latest.coords[0][latest.data > 0]).size
    np.testing.assert_allclose(scores, likes[rows] / some, rtol=1e-6)  # a share of those who like anything, no count
