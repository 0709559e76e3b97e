"""The first look at whole numbers against the exact scan: the same items and the same scores, whatever the vectors."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tastemaker.kernels.shadow import ROOM, WIDTH, shadow_of, top_of_shadow
from tastemaker.kernels.threads import one_blas_thread
from tastemaker.kernels.topk import top_of_factors

from .test_topk import assert_found, cells, slow, whole


@pytest.fixture(autouse=True)
def _one_blas_thread():
    with one_blas_thread():
        yield


def found_in(queries, items, n, exclude=None, allowed=None):
    banned = np.zeros(0, np.int32) if allowed is None else np.flatnonzero(~allowed).astype(np.int32)
    return top_of_shadow(queries, items, shadow_of(items), n, exclude, banned)


@settings(max_examples=80)
@given(st.integers(1, 5), st.integers(1, 3 * WIDTH), st.integers(0, 45), st.integers(1, 9), st.integers(0, 2**32 - 1))
def test_small_whole_numbers_are_sorted_python(q, n_items, n, d, seed):
    """Sums are exact and ties everywhere: a tie must go to the lower row."""
    rng = np.random.default_rng(seed)
    queries, items = whole(rng, q, d), whole(rng, n_items, d)
    query, item = np.nonzero(rng.random((q, n_items)) < 0.3)
    value = rng.choice(np.float32([0.0, 1.0, -2.0]), len(query))
    allowed = rng.random(n_items) < 0.7
    found = found_in(queries, items, n, cells(query, item, value, (q, n_items)), allowed)
    out = {(u, i) for u, i, v in zip(query.tolist(), item.tolist(), value, strict=True) if v != 0}
    assert_found(found, slow(queries @ items.T, n, out, allowed))


@settings(max_examples=60)
@given(
    st.integers(0, 2**32 - 1),
    st.integers(1, 70),
    st.floats(-12, 12),
    st.sampled_from(["even", "skewed", "alike", "one"]),
)
def test_nothing_of_the_best_is_missed(seed, d, power, kind):
    """Lengths over many powers of ten, items that differ in the last digits only, one loud coordinate: scores are those
    of the exact scan but for the order in which float32 are added up."""
    rng = np.random.default_rng(seed)
    items = rng.normal(size=(700, d))
    if kind == "skewed":
        items *= 10.0 ** rng.normal(0.0, 2.0, (700, 1))
    if kind == "alike":
        items = items[:1] + 1e-4 * items
    if kind == "one":
        items[:, 0] *= 1e4
    items, queries = np.float32(items * 10.0**power), rng.normal(size=(4, d)).astype(np.float32)
    rows, scores = found_in(queries, items, 20)
    exact = queries.astype(float) @ items.T.astype(float)
    best, longest = -np.sort(-exact, axis=1)[:, :20], np.linalg.norm(items.astype(float), axis=1).max()
    for u in range(4):
        assert len(set(rows[u].tolist())) == 20
        close = (d + 2) * 2.0**-23 * np.linalg.norm(queries[u]) * longest
        np.testing.assert_allclose(exact[u, rows[u]], best[u], rtol=0, atol=close)
        np.testing.assert_allclose(scores[u], best[u], rtol=0, atol=close)


@pytest.mark.parametrize("q", [1, 7, 33])
def test_real_vectors_give_the_ids_of_the_exact_scan(q):
    rng = np.random.default_rng(q)
    items, queries = (rng.normal(size=(n, 64)).astype(np.float32) for n in (20_011, q))
    rows, scores = found_in(queries, items, 20)
    expected = top_of_factors(queries, items, 20)
    np.testing.assert_array_equal(rows, expected[0])
    np.testing.assert_allclose(scores, expected[1], rtol=1e-5)


def test_a_query_alone_is_the_query_in_a_batch_to_the_bit():
    rng = np.random.default_rng(1)
    items, queries = (rng.normal(size=(n, 33)).astype(np.float32) for n in (900, 9))
    together = found_in(queries, items, 11)
    for u in range(len(queries)):
        assert_found([a[0] for a in found_in(queries[[u]], items, 11)], [a[u] for a in together])


def test_more_candidates_than_there_is_room_for():
    """All items are one item: nobody is surely worse than anybody."""
    items = np.tile(np.random.default_rng(2).normal(size=(1, 5)).astype(np.float32), (3 * ROOM + 7, 1))
    rows, scores = found_in(items[:1], items, 6)
    assert rows.tolist() == [[0, 1, 2, 3, 4, 5]]
    assert len(set(scores[0].tolist())) == 1


def test_vectors_that_are_not_finite_have_no_shadow():
    items = np.ones((5, 3), np.float32)
    items[2, 1] = np.nan
    assert shadow_of(items) is None
