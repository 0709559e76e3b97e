import numpy as np

from tastemaker.data.arrays import csr, empty_csr
from tastemaker.data.query import Batch
from tastemaker.scorers import Embeddings
from tastemaker.scorers.embeddings import unit_rows
from tastemaker.testing import ScorerContract
from tastemaker.testing.worlds import SILENT


class TestEmbeddings(ScorerContract):
    def scorer(self, world):
        return Embeddings(world.features.block("text"), "text")


def test_it_is_the_weighted_mean_cosine(world, asked):
    vectors = world.features.block("text")
    scores = Embeddings(vectors, "text").score(asked)
    for q in range(len(asked)):
        said = {int(i): 1.0 for i in asked.positives[[q]].indices}
        said |= {int(i): float(v) for i, v in zip(asked.ratings[[q]].indices, asked.ratings[[q]].data, strict=True)}
        for i, vector in enumerate(vectors):
            total = sum(abs(w) for w in said.values())
            cosines = [w * _cosine(vectors[j], vector) for j, w in said.items()]
            expected = sum(cosines) / total if total and i != SILENT else np.nan
            np.testing.assert_allclose(scores[q, i], expected, atol=1e-5)


def test_a_query_that_is_only_neutral_says_nothing(world):
    vectors = world.features.block("text")
    nothing = empty_csr(1, len(vectors))
    neutral = csr(np.array([0]), np.array([3]), np.zeros(1, np.float32), nothing.shape)
    batch = Batch(nothing, neutral, np.array([-1], np.int32), np.full((1, 5), np.nan, np.float32))
    model = Embeddings(vectors, "text")
    assert np.isnan(model.score(batch)).all()
    (each,) = model.contributions(batch, np.array([[0, 1]], np.int32))
    assert np.isnan(each.values.sum(axis=1)).all()


def _cosine(a, b):
    lengths = np.sqrt((a * a).sum()) * np.sqrt((b * b).sum())
    return float(a @ b / lengths) if lengths else 0.0


def test_rounding_takes_no_cosine_beyond_one():
    vectors = unit_rows(np.random.default_rng(0).normal(size=(300, 37)).astype(np.float32))
    every = np.arange(300)
    themselves = csr(every, every, np.ones(300, np.float32), (300, 300))
    asked = Batch(themselves, empty_csr(300, 300), np.full(300, -1, np.int32), np.zeros((300, 0), np.float32))
    assert np.einsum("nd,nd->n", vectors, vectors).max() > 1.0
    found = Embeddings(vectors, "text").score(asked)
    assert found.max() == 1.0
    assert found[every, every].min() > 0.9999
