import numpy as np

from tastemaker.data.features import TASTES
from tastemaker.scorers import Blend, Embeddings, Mapping, Nearby, Popularity
from tastemaker.testing import ScorerContract


def near(world):
    return Embeddings(world.features.block("text"), "text")


class TestNearbyMapping(ScorerContract):
    def scorer(self, world):
        return Nearby(Mapping(world.features.block(TASTES)), near(world), 0.4)


class TestNearbyBlend(ScorerContract):
    def scorer(self, world):
        inner = Blend((Mapping(world.features.block(TASTES)), near(world)), (1.0, 0.5))
        return Nearby(inner, near(world), -0.3)


def test_it_adds_weighted_nearness_and_nothing_where_nothing_is_near(world, asked):
    inner, close = Popularity(np.arange(len(world.features), dtype=np.float32)), near(world)
    expected = inner.score(asked).astype(float)
    nearness = close.score(asked)
    for q, i in np.ndindex(expected.shape):
        expected[q, i] += 0.0 if np.isnan(nearness[q, i]) else 0.4 * nearness[q, i]
    np.testing.assert_allclose(Nearby(inner, close, 0.4).score(asked), expected, atol=1e-5)
    assert np.isnan(nearness).any()
    assert (~np.isnan(nearness)).any()
