from math import log2

import numba
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.sparse import csr_array

from tastemaker.kernels.ranking import METRICS, ranking_metrics

N_ITEMS = 9


def matrix_of(relevant: list[set[int]], n_items: int = N_ITEMS) -> csr_array:
    dense = np.zeros((len(relevant), n_items), np.float32)
    for u, items in enumerate(relevant):
        dense[u, list(items)] = 1.0
    return csr_array(dense)


def slow(listed: list[int], relevant: set[int]) -> dict[str, float]:
    """The definitions, word by word."""
    n, k = len(relevant), len(listed)
    if n == 0:
        return dict.fromkeys(METRICS, float("nan"))
    hits = [item in relevant for item in listed]
    ranks = [rank for rank, hit in enumerate(hits, start=1) if hit]
    return {
        "recall": sum(hits) / n,
        "precision": sum(hits) / k,
        "ndcg": sum(1 / log2(r + 1) for r in ranks) / sum(1 / log2(r + 1) for r in range(1, min(n, k) + 1)),
        "map": sum(sum(hits[:r]) / r for r in ranks) / min(n, k),
        "mrr": 1 / ranks[0] if ranks else 0.0,
        "hit": float(any(hits)),
    }


@st.composite
def users(draw):
    """Lists with and without padding, sets from nothing to everything: (q, k), [set] * q."""
    q, k = draw(st.integers(1, 5)), draw(st.integers(1, 12))
    lists = np.full((q, k), -1, np.int32)
    for row in lists:
        mine = draw(st.permutations(range(N_ITEMS)))[:k][: draw(st.integers(0, k))]
        row[: len(mine)] = mine
    return lists, [draw(st.sets(st.integers(0, N_ITEMS - 1))) for _ in range(q)]


@given(users())
def test_it_is_its_slow_twin(asked):
    lists, relevant = asked
    found = ranking_metrics(lists, matrix_of(relevant))
    assert tuple(found) == METRICS
    for u, mine in enumerate(relevant):
        wanted = slow(lists[u].tolist(), mine)
        np.testing.assert_allclose([found[name][u] for name in METRICS], [wanted[name] for name in METRICS], atol=1e-12)


@given(users())
def test_every_metric_lies_in_0_to_1_or_nobody_was_judged(asked):
    lists, relevant = asked
    for values in ranking_metrics(lists, matrix_of(relevant)).values():
        np.testing.assert_array_equal(np.isnan(values), [not mine for mine in relevant])
        known = values[~np.isnan(values)]
        assert ((known >= 0.0) & (known <= 1.0 + 1e-12)).all()


@given(st.sets(st.integers(0, N_ITEMS - 1), min_size=1), st.integers(1, N_ITEMS), st.randoms(use_true_random=False))
def test_a_perfect_list_is_1_as_far_as_it_can_be(relevant, k, random):
    mine = random.sample(sorted(relevant), len(relevant))
    others = [item for item in range(N_ITEMS) if item not in relevant]
    found = ranking_metrics(np.int32([[*mine, *others][:k]]), matrix_of([relevant]))
    fitting = min(len(relevant), k)
    assert [found[name][0] for name in ("ndcg", "map", "mrr", "hit")] == pytest.approx([1.0] * 4)
    assert found["recall"][0] == pytest.approx(fitting / len(relevant))
    assert found["precision"][0] == pytest.approx(fitting / k)


@given(users(), st.randoms(use_true_random=False))
def test_the_order_of_users_does_not_matter(asked, random):
    lists, relevant = asked
    order = random.sample(range(len(lists)), len(lists))
    found, turned = (
        ranking_metrics(lists[rows], matrix_of([relevant[u] for u in rows])) for rows in (range(len(lists)), order)
    )
    for name in METRICS:
        np.testing.assert_array_equal(turned[name], found[name][order])


@given(users(), st.data())
def test_moving_a_hit_up_never_hurts(asked, data):
    lists, relevant = asked
    if lists.shape[1] < 2:
        return
    at = data.draw(st.integers(0, lists.shape[1] - 2))
    better = lists.copy()
    for row, mine in zip(better, relevant, strict=True):
        row[at : at + 2] = sorted(row[at : at + 2], key=lambda item: item not in mine)
    before, after = (ranking_metrics(shown, matrix_of(relevant)) for shown in (lists, better))
    for name in METRICS:
        assert (np.nan_to_num(after[name]) >= np.nan_to_num(before[name]) - 1e-12).all(), name


def test_a_worked_example():
    """k = 4, hits at ranks 1 and 3, three are relevant; by hand."""
    found = ranking_metrics(np.int32([[7, 0, 2, 1]]), matrix_of([{7, 2, 5}]))
    assert {name: round(float(values[0]), 4) for name, values in found.items()} == {
        "recall": 0.6667,
        "precision": 0.5,
        "ndcg": round((1 + 1 / 2) / (1 + 0.63093 + 1 / 2), 4),
        "map": round((1 + 2 / 3) / 3, 4),
        "mrr": 1.0,
        "hit": 1.0,
    }


def test_stored_zeros_are_not_relevant():
    stored = csr_array((np.float32([0, 1, 0]), [1, 4, 6], [0, 2, 3]), shape=(2, N_ITEMS))
    found = ranking_metrics(np.int32([[1, 4], [6, 1]]), stored)
    np.testing.assert_array_equal(found["recall"], [1.0, np.nan])
    np.testing.assert_array_equal(found["mrr"], [0.5, np.nan])


def test_long_rows_of_every_integer_type():
    rng = np.random.default_rng(1)
    relevant = [set(rng.choice(500, size, replace=False).tolist()) for size in (1, 2, 3, 63, 64, 499)]
    lists = np.stack([rng.permutation(500)[:20] for _ in relevant])
    matrix = matrix_of(relevant, 500)
    wide = csr_array((matrix.data.astype(np.float64), matrix.indices, matrix.indptr), shape=matrix.shape)
    wide.indices, wide.indptr = wide.indices.astype(np.int64), wide.indptr.astype(np.int64)
    found, same = ranking_metrics(lists.astype(np.int32), matrix), ranking_metrics(np.asfortranarray(lists), wide)
    for u, mine in enumerate(relevant):
        wanted = slow(lists[u].tolist(), mine)
        for name in METRICS:
            assert found[name][u] == same[name][u] == pytest.approx(wanted[name])


def test_the_number_of_threads_changes_nothing():
    rng = np.random.default_rng(0)
    relevant = [set(rng.choice(60, rng.integers(0, 9), replace=False).tolist()) for _ in range(101)]
    lists = np.stack([rng.permutation(60)[:10] for _ in relevant]).astype(np.int32)
    many = ranking_metrics(lists, matrix_of(relevant, 60))
    before = numba.get_num_threads()
    numba.set_num_threads(1)
    try:
        np.testing.assert_equal(ranking_metrics(lists, matrix_of(relevant, 60)), many)
    finally:
        numba.set_num_threads(before)


def test_nobody_asked():
    assert all(len(values) == 0 for values in ranking_metrics(np.zeros((0, 3), np.int32), matrix_of([])).values())
