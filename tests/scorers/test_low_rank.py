import numpy as np
import pytest

from tastemaker.scorers import LowRank
from tastemaker.testing import ScorerContract

from .learned import asking, histories, known, low_rank


class TestLowRank(ScorerContract):
    def scorer(self, world):
        return low_rank(world.features).with_items(world.features)


class TestLowRankOfOneNumber(ScorerContract):
    def scorer(self, world):
        return low_rank(world.features, dim=1).with_items(world.features)


class TestLowRankOfWholeNumbers(ScorerContract):
    """Dot products are often exactly 0, and tie."""

    def scorer(self, world):
        rng = np.random.default_rng(1)
        inputs, outputs = (rng.integers(-1, 2, (len(world.features), 3)).astype(np.float32) for _ in "io")
        return LowRank((), inputs, outputs)


def test_it_is_the_explicit_sum(world, rng):
    model = low_rank(world.features)
    told, n = histories(model.n_items, rng), model.n_items
    scores = model.score(asking(told))
    for q, i in np.ndindex(scores.shape):
        left = [
            sum(told[q, j] * float(model.inputs[j, f]) for j in range(n) if told[q, j] == told[q, j]) for f in range(4)
        ]
        expected = sum(a * float(v) for a, v in zip(left, model.outputs[i], strict=True))
        silent = not any(left) or not known(n)[i]
        assert scores[q, i] == pytest.approx(np.nan if silent else expected, abs=1e-4, nan_ok=True)


def test_a_score_of_0_between_vectors_that_say_something_is_a_score():
    """`top` and `score` agree on whom they can speak of: the last item and the last query are nothing but zeros."""
    eye = np.float32([[1, 0], [0, 1], [0, 0]])
    model, batch = LowRank((), eye, eye), asking(np.where(np.eye(3), 1.0, np.nan))
    np.testing.assert_array_equal(model.score(batch), [[1, 0, np.nan], [0, 1, np.nan], [np.nan] * 3])
    rows, scores = model.top(batch, 3)
    assert rows.tolist() == [[0, 1, -1], [1, 0, -1], [-1, -1, -1]]
    np.testing.assert_array_equal(scores, [[1, 0, np.nan], [1, 0, np.nan], [np.nan] * 3])
    sums = [
        each.values.sum(axis=1) for each in model.contributions(batch, np.tile(np.arange(3, dtype=np.int32), (3, 1)))
    ]
    np.testing.assert_array_equal(sums, model.score(batch))


def test_known_is_who_has_a_vector_on_either_side():
    inputs, outputs = np.float32([[0, 1], [0, 0], [0, 0]]), np.float32([[0, 0], [2, 0], [0, 0]])
    assert LowRank((), inputs, outputs).known().tolist() == [True, True, False]
