import numpy as np

from tastemaker.data.features import TASTES
from tastemaker.scorers import Embeddings, Mapping, Popularity, Stated
from tastemaker.testing import ScorerContract


def around(inner, world, weight=2.0):
    membership = world.features.block(TASTES)
    return Stated(inner, membership, membership.mean(axis=0), weight)


class TestStatedMapping(ScorerContract):
    def scorer(self, world):
        return around(Mapping(world.features.block(TASTES)), world)


class TestStatedEmbeddings(ScorerContract):
    def scorer(self, world):
        return around(Embeddings(world.features.block("text"), "text"), world, -1.0)


def test_only_what_was_stated_counts_and_indifference_counts_nothing(world, asked):
    inner = Popularity(np.arange(len(world.features), dtype=np.float32))
    membership = world.features.block(TASTES).astype(float)
    expected = inner.score(asked).astype(float)
    for q, i in np.ndindex(expected.shape):
        for f, taste in enumerate(asked.profile[q]):
            if not np.isnan(taste):
                expected[q, i] += 2.0 * (taste - 0.5) * (membership[i, f] - membership[:, f].mean())
    np.testing.assert_allclose(around(inner, world).score(asked), expected, atol=1e-4)
