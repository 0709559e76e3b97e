"""The compiled top-k against sorted Python. Vectors of small whole numbers: sums are exact, and ties are everywhere."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_array

from tastemaker.kernels.threads import one_blas_thread
from tastemaker.kernels.topk import CHUNK, ITEMS, QUERIES, top_of_factors, top_of_scores
from tastemaker.kernels.topk_plain import top_rows

from ..threads import threads

values = st.sampled_from([np.nan, -np.inf, -1.5, 0.0, 0.0, 0.25, 3.0, np.inf])  # ties and gaps are likely


@pytest.fixture(autouse=True)
def _one_blas_thread():
    with one_blas_thread():
        yield


def whole(rng, *shape):
    return rng.integers(-2, 3, shape).astype(np.float32)


def cells(query, item, value, shape):
    """csr as it stands: nothing sorted, nothing added up, zeros stored."""
    order = np.argsort(query, kind="stable")
    starts = np.concatenate([[0], np.cumsum(np.bincount(query, minlength=shape[0]))])
    return csr_array((np.float32(value)[order], np.int32(item)[order], starts.astype(np.int32)), shape=shape)


def slow(scores, n, out=(), allowed=None):
    """out: (query, item) pairs that may not be shown."""
    q, n_items = scores.shape
    rows, found = np.full((q, n), -1), np.full((q, n), np.nan, np.float32)
    out = set(out)
    for u in range(q):
        open_ = [i for i in range(n_items) if scores[u, i] > -np.inf and (u, i) not in out]
        open_ = [i for i in open_ if allowed is None or allowed[i]]
        best = sorted(open_, key=lambda i: (-scores[u, i], i))[:n]
        rows[u, : len(best)], found[u, : len(best)] = best, scores[u, best]
    return rows, found


def assert_found(found, expected):
    assert found[0].dtype == np.int32
    assert found[1].dtype == np.float32
    np.testing.assert_array_equal(found[0], expected[0])
    np.testing.assert_array_equal(found[1], expected[1])


@settings(max_examples=60)
@given(st.lists(values, min_size=1, max_size=12), st.integers(0, 14), st.data())
def test_scores_given_are_sorted_python_and_the_plain_kernel(row, n, data):
    banned = data.draw(st.lists(st.integers(0, len(row) - 1)))  # in any order, some twice
    stored = data.draw(st.lists(st.integers(0, len(row) - 1)))  # zeros: these exclude nothing
    allowed = np.array(data.draw(st.lists(st.booleans(), min_size=len(row), max_size=len(row))))
    scores = np.float32([row, row[::-1], row])
    items = [*(i for i in stored if i not in banned), *banned]
    exclude = cells([1] * len(items), items, [0.0] * (len(items) - len(banned)) + [1.0] * len(banned), scores.shape)
    found = top_of_scores(scores.copy(), n, exclude, allowed)
    assert_found(found, slow(scores, n, {(1, i) for i in banned}, allowed))
    assert_found(found, top_rows(scores, n, exclude, allowed))
    assert_found(top_of_scores(scores.copy(), n), slow(scores, n))


@settings(max_examples=60)
@given(st.integers(1, 9), st.integers(1, 40), st.integers(0, 45), st.integers(0, 2**32 - 1))
def test_dot_products_are_sorted_python(q, n_items, n, seed):
    rng = np.random.default_rng(seed)
    queries, items = whole(rng, q, 3), whole(rng, n_items, 3)
    query, item = np.nonzero(rng.random((q, n_items)) < 0.3)
    value = rng.choice(np.float32([0.0, 1.0, -2.0]), len(query))
    allowed = rng.random(n_items) < 0.7
    found = top_of_factors(queries, items, n, cells(query, item, value, (q, n_items)), allowed)
    out = {(u, i) for u, i, v in zip(query.tolist(), item.tolist(), value, strict=True) if v != 0}
    assert_found(found, slow(queries @ items.T, n, out, allowed))


@pytest.mark.parametrize(
    "n_items", [1, CHUNK - 1, CHUNK, CHUNK + 1, ITEMS - 1, ITEMS, ITEMS + 1, 2 * ITEMS + CHUNK + 1]
)
@pytest.mark.parametrize("q", [1, 2, 2 * QUERIES, 2 * QUERIES + 3])
def test_where_blocks_of_items_and_of_queries_meet(q, n_items):
    rng = np.random.default_rng(n_items)
    queries, items = whole(rng, q, 4), whole(rng, n_items, 4)
    border = [i for i in (0, CHUNK - 1, CHUNK, ITEMS - 1, ITEMS, ITEMS + 1, 2 * ITEMS, n_items - 1) if i < n_items]
    query = np.concatenate([np.repeat(np.arange(0, q, 2), len(border)), rng.integers(0, q, 50)])
    item = np.concatenate([np.tile(border, (q + 1) // 2), rng.integers(0, n_items, 50)])
    allowed = np.ones(n_items, bool)
    allowed[border[1::3]] = False
    found = top_of_factors(queries, items, 7, cells(query, item, np.ones(len(item)), (q, n_items)), allowed)
    scores = queries @ items.T
    scores[query, item], scores[:, ~allowed] = -np.inf, -np.inf
    order = np.argsort(-scores, axis=1, kind="stable")[:, :7]
    best = np.take_along_axis(scores, order, axis=1)
    padding = [(0, 0), (0, 7 - order.shape[1])]
    rows = np.pad(np.where(best > -np.inf, order, -1), padding, constant_values=-1)
    assert_found(found, (rows, np.pad(np.where(best > -np.inf, best, np.nan), padding, constant_values=np.nan)))


def test_best_in_the_last_places_of_every_block():
    """Scores rise with the row, so that every single item enters the list and pushes another out."""
    n_items = 2 * ITEMS + 5
    items = np.arange(n_items, dtype=np.float32)[:, None]
    rows, scores = top_of_factors(np.float32([[1.0], [-1.0], [0.0]]), items, 4)
    last = n_items - 1 - np.arange(4)
    np.testing.assert_array_equal(rows, [last, [0, 1, 2, 3], [0, 1, 2, 3]])
    np.testing.assert_array_equal(scores, [last, [0, -1, -2, -3], [0, 0, 0, 0]])


def test_a_query_alone_is_the_query_in_a_batch():
    rng = np.random.default_rng(3)
    queries, items = whole(rng, QUERIES + 9, 5), whole(rng, ITEMS + 70, 5)
    query, item = np.nonzero(rng.random((len(queries), len(items))) < 0.02)
    exclude, allowed = cells(query, item, np.ones(len(item)), (len(queries), len(items))), rng.random(len(items)) < 0.9
    rows, scores = top_of_factors(queries, items, 11, exclude, allowed)
    for u in range(len(queries)):
        alone = top_of_factors(queries[[u]], items, 11, exclude[[u]], allowed)
        assert_found((alone[0][0], alone[1][0]), (rows[u], scores[u]))


def test_real_vectors_to_the_last_digits_but_one():
    rng = np.random.default_rng(4)
    queries, items = (rng.normal(size=(n, 64)).astype(np.float32) for n in (300, 1500))
    exact = queries.astype(float) @ items.T.astype(float)
    rows, scores = top_of_factors(queries, items, 20)
    best = -np.sort(-exact, axis=1)[:, :20]
    np.testing.assert_allclose(np.take_along_axis(exact, rows.astype(int), axis=1), best, atol=1e-4)
    np.testing.assert_allclose(scores, best, atol=1e-4)
    assert (np.diff(scores, axis=1) <= 0).all()


@pytest.mark.parametrize("q", [1, 2, 5])
def test_what_is_no_number_is_never_chosen(q):
    queries, items = np.ones((q, 2), np.float32), np.float32([[1, 2], [np.nan, 9], [0, 1], [np.inf, 0], [-np.inf, 0]])
    queries[-1] = np.nan if q > 1 else 1.0
    rows, scores = top_of_factors(queries, items, 4)
    for u in range(q):
        answered = q == 1 or u < q - 1
        assert rows[u].tolist() == ([3, 0, 2, -1] if answered else [-1] * 4)
        np.testing.assert_array_equal(scores[u], [np.inf, 3, 1, np.nan] if answered else [np.nan] * 4)


def test_arrays_that_lie_otherwise_in_memory_are_the_same_arrays():
    rng = np.random.default_rng(5)
    queries, items = whole(rng, 6, 4), whole(rng, 30, 4)
    query, item = np.nonzero(rng.random((6, 30)) < 0.3)
    exclude = cells(query, item, np.ones(len(item)), (6, 30))
    wide = csr_array((exclude.data.astype(float), exclude.indices.astype(np.int64), exclude.indptr.astype(np.int64)))
    wide.resize(6, 30)
    expected = top_of_factors(queries, items, 5, exclude)
    assert_found(top_of_factors(np.asfortranarray(queries), items.astype(float)[::-1][::-1], 5, wide), expected)
    assert_found(top_of_scores(np.asfortranarray(queries @ items.T), 5, wide), expected)


@pytest.mark.parametrize(("q", "n_items", "n"), [(0, 4, 2), (3, 0, 2), (3, 4, 0), (1, 0, 2), (1, 4, 0)])
def test_nothing_asked_nothing_there(q, n_items, n):
    for rows, scores in (
        top_of_factors(np.ones((q, 2), np.float32), np.ones((n_items, 2), np.float32), n),
        top_of_scores(np.ones((q, n_items), np.float32), n),
    ):
        assert rows.shape == scores.shape == (q, n)
        assert (rows == -1).all()
        assert np.isnan(scores).all()


def test_the_number_of_threads_changes_no_byte():
    rng = np.random.default_rng(6)
    queries, items = (rng.normal(size=(n, 20)).astype(np.float32) for n in (301, 1100))
    found = []
    for n in (1, 2):
        with threads(n):
            given_ = top_of_scores(queries @ items.T, 9)
            found.append([array.tobytes() for array in (*top_of_factors(queries, items, 9), *given_)])
    assert found[0] == found[1]


def test_the_number_of_threads_changes_no_byte_of_a_query_alone():
    rng = np.random.default_rng(7)
    items = rng.normal(size=(20_001, 64)).astype(np.float32)
    items[rng.random(len(items)) < 0.1] = items[0]  # ties, in every share
    allowed, out = rng.random(len(items)) > 0.3, np.arange(0, 20_000, 700, dtype=np.int32)
    exclude = csr_array((np.ones(len(out), np.float32), out, np.array([0, len(out)])), shape=(1, len(items)))
    for query in (items[:1], rng.normal(size=(1, 64)).astype(np.float32)):
        found = []
        for n in (1, 2):
            with threads(n):
                found.append([array.tobytes() for array in top_of_factors(query, items, 20, exclude, allowed)])
        assert found[0] == found[1]


def test_exclusions_and_vectors_are_left_alone():
    rng = np.random.default_rng(7)
    queries, items = whole(rng, 3, 2), whole(rng, 8, 2)
    exclude = cells([0, 0, 2], [5, 1, 3], [1.0, 0.0, 1.0], (3, 8))
    kept = [a.copy() for a in (queries, items, exclude.indices, exclude.data, exclude.indptr)]
    top_of_factors(queries, items, 3, exclude, np.arange(8) > 1)
    for array, before in zip((queries, items, exclude.indices, exclude.data, exclude.indptr), kept, strict=True):
        np.testing.assert_array_equal(array, before)
