"""Sparse products against the dense ones. Whole numbers: sums are exact, whatever their order."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_array, random_array

from tastemaker.data.arrays import empty_csr
from tastemaker.kernels.spread import add_known, dense_times_sparse, sparse_times_dense, spread

from ..threads import threads


def drawn(rng, n, m):
    """csr (n, m) of small whole numbers: rows from empty to full, columns in any order, zeros stored."""
    dense = rng.integers(-3, 4, (n, m)) * (rng.random((n, m)) < rng.random((n, 1)) * rng.random(m))
    dense[rng.random(n) < 0.2] = 0
    row, column = np.nonzero(dense + 0.5 * (rng.random((n, m)) < 0.1))
    order = np.lexsort((rng.random(len(row)), row))
    row, column = row[order], column[order]
    starts = np.concatenate([[0], np.cumsum(np.bincount(row, minlength=n))]).astype(np.int32)
    return csr_array((dense[row, column].astype(np.float32), column.astype(np.int32), starts), shape=(n, m))


sizes = st.tuples(st.integers(0, 9), *[st.integers(1, 12)] * 3)


@settings(max_examples=60)
@given(sizes, st.integers(0, 2**32 - 1))
def test_one_step_is_a_product(size, seed):
    rng = np.random.default_rng(seed)
    history, first = drawn(rng, size[0], size[1]), drawn(rng, size[1], size[2])
    found = spread(history, (first,))
    assert found.dtype == np.float32
    np.testing.assert_array_equal(found, history.toarray() @ first.toarray())


@settings(max_examples=60)
@given(sizes, st.integers(0, 2**32 - 1))
def test_two_steps_are_two_products(size, seed):
    """Several queries share a thread's room: what the one met must be forgotten before the next."""
    rng = np.random.default_rng(seed)
    history, first, second = (drawn(rng, *pair) for pair in pairwise(size))
    found = spread(history, (first, second))
    assert found.dtype == np.float32
    np.testing.assert_array_equal(found, history.toarray() @ first.toarray() @ second.toarray())


@settings(max_examples=60)
@given(sizes, st.integers(0, 2**32 - 1))
def test_sparse_by_dense_and_dense_by_sparse(size, seed):
    rng = np.random.default_rng(seed)
    sparse, other = drawn(rng, size[0], size[1]), drawn(rng, size[1], size[2])
    wide, tall = (rng.integers(-3, 4, s).astype(np.float32) for s in ((size[1], size[2]), (size[0], size[1])))
    np.testing.assert_array_equal(sparse_times_dense(sparse, wide), sparse.toarray() @ wide)
    np.testing.assert_array_equal(dense_times_sparse(tall, other), tall @ other.toarray())


@settings(max_examples=60)
@given(st.integers(0, 4), st.integers(1, 6), st.integers(0, 2**32 - 1))
def test_what_is_no_number_adds_nothing_and_counts_as_nothing(q, n, seed):
    rng = np.random.default_rng(seed)
    total, found = (rng.choice(np.float32([np.nan, -2.0, 0.0, 3.0]), (q, n)) for _ in "tf")
    each = np.stack([total, np.float32(0.5) * found])
    expected = np.where(np.isnan(each).all(axis=0), np.nan, np.nansum(each, axis=0))
    add_known(total, found, 0.5)
    np.testing.assert_array_equal(total, expected)


def test_a_long_way_through_many_users():
    rng = np.random.default_rng(1)
    sizes = (70, 300), (300, 500), (500, 200)
    history, first, second = (random_array(s, density=0.05, format="csr", dtype=np.float32, rng=rng) for s in sizes)
    expected = history.astype(float).toarray() @ first.astype(float).toarray() @ second.astype(float).toarray()
    np.testing.assert_allclose(spread(history, (first, second)), expected, rtol=1e-5, atol=1e-5)


def test_the_number_of_threads_changes_no_byte():
    rng = np.random.default_rng(2)
    sizes = (31, 90), (90, 60), (60, 90)
    history, first, second = (random_array(s, density=0.2, format="csr", dtype=np.float32, rng=rng) for s in sizes)
    dense = rng.normal(size=(90, 60)).astype(np.float32)
    found = []
    for n in (1, 2):
        with threads(n):
            each = [spread(history, (first,)), spread(history, (first, second))]
            each += [sparse_times_dense(history, dense), dense_times_sparse(dense, second)]
            found.append([array.tobytes() for array in each])
    assert found[0] == found[1]


def test_a_query_alone_is_the_query_in_a_batch():
    rng = np.random.default_rng(3)
    history, first, second = (drawn(rng, *size) for size in ((9, 20), (20, 15), (15, 20)))
    together = spread(history, (first, second))
    for q in range(9):
        np.testing.assert_array_equal(spread(history[[q]], (first, second))[0], together[q])


@pytest.mark.parametrize("n", [0, 4])
def test_without_events_there_is_nothing(n):
    nothing = empty_csr(n, 5)
    np.testing.assert_array_equal(spread(nothing, (empty_csr(5, 7),)), np.zeros((n, 7)))
    np.testing.assert_array_equal(spread(nothing, (empty_csr(5, 7), empty_csr(7, 2))), np.zeros((n, 2)))
