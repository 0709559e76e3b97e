"""From the second time on large vectors are found by a first look at whole numbers; the answer stays what it was."""

import numpy as np
import pytest

from tastemaker.kernels.threads import one_blas_thread
from tastemaker.scorers.sought import FEW, LARGE, Sought

DIM = 64
N = LARGE // DIM + 5


@pytest.fixture(autouse=True)
def _one_blas_thread():
    with one_blas_thread():
        yield


def vectors(n, seed=0):
    return np.random.default_rng(seed).normal(size=(n, DIM)).astype(np.float32)


def test_the_second_answer_is_the_first():
    items, known = vectors(N), np.random.default_rng(1).random(N) < 0.9
    sought, left = Sought(items, known), vectors(3, seed=2)
    left[1] = 0.0
    (rows, scores), (again, same) = sought.top(left, 15, None, None), sought.top(left, 15, None, None)
    np.testing.assert_array_equal(rows, again)
    np.testing.assert_allclose(scores, same, rtol=1e-5)
    assert (rows[1] == -1).all()
    assert known[rows[[0, 2]]].all()


def test_another_mask_is_heeded_at_once():
    items = vectors(N)
    sought, left = Sought(items, np.ones(N, bool)), vectors(1, seed=3)
    open_ = np.ones(N, bool)
    for _ in range(2):
        best = sought.top(left, 1, None, open_)[0][0, 0]
    open_[best] = False  # in place: a mask that may change is not remembered
    assert sought.top(left, 1, None, open_)[0][0, 0] != best
    shut = open_.copy()
    shut.flags.writeable = False
    assert sought.top(left, 1, None, shut)[0][0, 0] != best
    assert sought.top(left, 1, None, None)[0][0, 0] == best


def test_what_is_no_number_is_answered_as_before():
    items = vectors(N)
    items[7] = np.nan
    sought, left = Sought(items, np.ones(N, bool)), vectors(2, seed=4)
    first = sought.top(left, 5, None, None)
    np.testing.assert_array_equal(sought.top(left, 5, None, None)[0], first[0])
    whole = Sought(vectors(N), np.ones(N, bool))
    left[0] = np.nan
    for _ in range(2):
        assert (whole.top(left, 5, None, None)[0][0] == -1).all()
    assert len(whole.top(vectors(FEW + 1), 5, None, None)[0]) == FEW + 1
