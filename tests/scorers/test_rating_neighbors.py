"""RatingNeighbors against its formula, a neighbor at a time."""

import numpy as np

from tastemaker.data.arrays import csr
from tastemaker.scorers import BayesFactors, RatingNeighbors
from tastemaker.testing import ScorerContract

from ..algorithms.made import asking


def drawn(features, seed=2, k=6):
    rng, n = np.random.default_rng(seed), len(features)
    one = np.ones((n, 1), np.float32)
    bias, nothing = rng.normal(0, 0.3, n).astype(np.float32), np.zeros((1, 1), np.float32)
    biases = BayesFactors(one, 0 * one, bias, 0.1, np.full((1, 1), 4.0), 1.0, 0.0, 0.9, (), nothing, nothing[0])
    near = np.stack([rng.choice(n, min(k, n), replace=False) for _ in range(n)])
    rows = np.repeat(np.arange(n), near.shape[1])
    table = csr(rows, near.ravel(), rng.uniform(0.1, 1, near.size).astype(np.float32), (n, n))
    return RatingNeighbors(biases, table.indptr.astype(np.int64), table.indices.astype(np.int32), table.data, 0.3)


class TestRatingNeighbors(ScorerContract):
    def scorer(self, world):
        return drawn(world.features).with_items(world.features)


def test_scores_are_those_of_the_formula(world, rng):
    model = drawn(world.features)
    n = model.n_items
    told = np.where(rng.random((5, n)) < 0.2, rng.uniform(-1, 1, (5, n)), 0.0)
    told[0] = 0.0
    table = csr(
        np.repeat(np.arange(n), np.diff(model.starts)), model.neighbors, model.weights, (n, n)
    ).toarray()  # fmt: skip
    expected = np.zeros((5, n))
    for q in range(5):
        rated = np.flatnonzero(told[q])
        plain = model.biases.mean + model.biases.bias
        bias = (told[q, rated] - plain[rated]).sum() / (len(rated) + 4.0)
        for i in range(n):
            w = table[i, rated]
            expected[q, i] = plain[i] + bias + w @ (told[q, rated] - plain[rated] - bias) / (0.3 + w.sum())
    np.testing.assert_allclose(model.score(asking(told)), expected, atol=1e-5)
