import numpy as np

from tastemaker.data.features import TASTES
from tastemaker.scorers import Calibrated, Embeddings, Mapping, Popularity, Stated
from tastemaker.scorers.stated import counted
from tastemaker.testing import ScorerContract

from . import learned


def around(inner, world, weight=2.0):
    membership = world.features.block(TASTES)
    return Stated(inner, membership, membership.mean(axis=0), weight)


class TestStatedMapping(ScorerContract):
    def scorer(self, world):
        return around(Mapping(world.features.block(TASTES)), world)


class TestStatedEmbeddings(ScorerContract):
    def scorer(self, world):
        return around(Embeddings(world.features.block("text"), "text"), world, -1.0)


class TestStatedWhole(ScorerContract):
    def scorer(self, world):
        return Stated.around(Mapping(world.features.block(TASTES)), world.features, 1.5, whole=True)


class TestStatedBesideEvents(ScorerContract):
    """Scores without a scale of their own, and none at all for who has no history."""

    def scorer(self, world):
        graph = learned.event_graph(world.features).with_items(world.features)
        return Stated.around(graph, world.features, 1.2, whole=True, relative=True)


def test_only_what_was_stated_counts_and_indifference_counts_nothing(world, asked):
    inner = Popularity(np.arange(len(world.features), dtype=np.float32))
    membership = world.features.block(TASTES).astype(float)
    expected = inner.score(asked).astype(float)
    for q, i in np.ndindex(expected.shape):
        for f, taste in enumerate(asked.profile[q]):
            if not np.isnan(taste):
                expected[q, i] += 2.0 * (taste - 0.5) * (membership[i, f] - membership[:, f].mean())
    np.testing.assert_allclose(around(inner, world).score(asked), expected, atol=1e-4)


def test_whole_an_item_counts_fully_for_each_family_it_belongs_to_most():
    shares = np.array([[0.5, 0.5, 0.0], [1.0, 0.0, 0.0], [0.2, 0.6, 0.2], [0.0, 0.0, 0.0]], np.float32)
    expected = [[1, 1, 0], [1, 0, 0], [1 / 3, 1, 1 / 3], [0, 0, 0]]
    np.testing.assert_allclose(counted(shares, whole=True), expected, rtol=1e-6)
    assert counted(shares, whole=False) is shares


def test_beside_events_a_statement_weighs_the_same_whatever_the_scale_of_the_scores(world, asked):
    popular = np.random.default_rng(4).pareto(2.0, len(world.features)).astype(np.float32)
    orders = []
    for scale, shift in ((1.0, 0.0), (250.0, 0.0), (1.0, 40.0)):
        inner = Popularity(np.float32(scale) * popular + np.float32(shift))
        orders.append(Stated.around(inner, world.features, 1.2, whole=True, relative=True).top(asked, 5)[0])
    np.testing.assert_array_equal(orders[0], orders[1])
    np.testing.assert_array_equal(orders[0], orders[2])
    states = ~np.isnan(asked.profile).all(axis=1)
    assert (orders[0][states] != np.argsort(-popular)[:5]).any(axis=1).any()
    np.testing.assert_array_equal(orders[0][~states], np.tile(np.argsort(-popular)[:5], ((~states).sum(), 1)))


def test_a_statement_changes_nothing_of_what_is_foretold(world, asked):
    inner = Calibrated(Popularity(np.linspace(-1.0, 1.0, len(world.features), dtype=np.float32)), 0.5, 0.1, 2.0, 0.0)
    said = Stated.around(inner, world.features, 1.2, whole=True, relative=True).predict(asked)
    np.testing.assert_array_equal(said.value, inner.predict(asked).value)
    np.testing.assert_array_equal(said.like, inner.predict(asked).like)
