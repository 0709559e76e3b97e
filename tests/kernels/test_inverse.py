import numpy as np
import pytest

from tastemaker.kernels import inverse
from tastemaker.kernels.inverse import BLOCK, invert


def regularized(n, rng, l2=1.0):
    """X'X + l2 I of counts with falling popularity: the matrices that are really inverted."""
    x = (rng.random((2 * n + 3, n)) < 0.5 / np.sqrt(np.arange(1, n + 1))).astype(np.float32)
    return x.T @ x + np.float32(l2) * np.eye(n, dtype=np.float32)


def lower_half(a):
    """The same with NaN where it must not look."""
    told = a.copy()
    told[np.triu_indices(len(a), 1)] = np.nan
    return told


@pytest.mark.parametrize("n", [1, 2, 4, 5, 6, 9, 10, 11, 15, 17])
def test_sizes_below_at_and_above_the_borders_of_blocks(n, rng, monkeypatch):
    monkeypatch.setattr(inverse, "BLOCK", 5)
    a, done = regularized(n, rng), []
    found = lower_half(a)
    invert(found, done.append)
    np.testing.assert_allclose(found, np.linalg.inv(a.astype(float)), atol=1e-5)
    np.testing.assert_array_equal(found, found.T)
    assert done == list(range(1, -(-n // 5) + 1))


@pytest.mark.parametrize("n", [BLOCK - 1, BLOCK, BLOCK + 1])
def test_blocks_of_their_real_size(n, rng):
    a = regularized(n, rng, l2=20.0)
    found = lower_half(a)
    invert(found)
    np.testing.assert_allclose(found, np.linalg.inv(a.astype(float)), atol=2e-6)


def test_a_singular_matrix_is_refused():
    with pytest.raises(np.linalg.LinAlgError):
        invert(np.zeros((3, 3), np.float32))


def test_it_works_in_the_memory_of_the_matrix(rng):
    a = regularized(7, rng)
    view = np.zeros((9, 9), np.float32)
    view[1:8, 1:8] = a
    invert(view[1:8, 1:8])
    np.testing.assert_allclose(view[1:8, 1:8] @ a, np.eye(7), atol=1e-5)
    assert not view[[0, 8]].any()
    assert not view[:, [0, 8]].any()
