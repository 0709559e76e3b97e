from itertools import pairwise, permutations
from math import log2

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import spearmanr

from tastemaker.metrics import ndcg_at, ndcg_ranked, recall_at, spearman

NAN = float("nan")
score = st.sampled_from([NAN, -2.0, 0.0, 0.5, 0.5, 1.0])  # ties are likely
grade = st.sampled_from([NAN, 0.0, 0.0, 1.0, 3.0])
pairs = st.lists(st.tuples(score, grade), min_size=1, max_size=5)


def rows(*columns):
    return tuple(np.array([column], np.float32) for column in columns)


# --- the slow, obvious twins


def slow_dcg(relevance, k):
    return sum(rel / log2(rank + 1) for rank, rel in enumerate(relevance, start=1) if rank <= k)


def slow_ndcg(scores, relevance, k):
    """The mean over every order in which the scores fall."""
    items = [(-9e9 if np.isnan(s) else s, r) for s, r in zip(scores, relevance, strict=True) if not np.isnan(r)]
    ideal = slow_dcg(sorted((r for _, r in items), reverse=True), k)
    if ideal == 0:
        return NAN
    orders = [o for o in permutations(items) if all(a[0] >= b[0] for a, b in pairwise(o))]
    return sum(slow_dcg([r for _, r in order], k) for order in orders) / len(orders) / ideal


def slow_spearman(scores, relevance):
    items = [(-9e9 if np.isnan(s) else s, r) for s, r in zip(scores, relevance, strict=True) if not np.isnan(r)]
    if len({r for _, r in items}) < 2:
        return NAN
    if len({s for s, _ in items}) < 2:
        return 0.0
    return float(spearmanr(*zip(*items, strict=True)).statistic)


@given(pairs, st.integers(1, 7))
def test_ndcg_is_its_slow_twin(items, k):
    scores, relevance = rows(*zip(*items, strict=True))
    np.testing.assert_allclose(ndcg_ranked(scores, relevance, k)[0], slow_ndcg(scores[0], relevance[0], k), atol=1e-6)


@given(pairs)
def test_spearman_is_its_slow_twin(items):
    scores, relevance = rows(*zip(*items, strict=True))
    np.testing.assert_allclose(spearman(scores, relevance)[0], slow_spearman(scores[0], relevance[0]), atol=1e-6)


@given(st.lists(st.booleans(), min_size=1, max_size=8), st.integers(0, 5))
def test_binary_metrics_are_their_slow_twins(hits, more):
    n = sum(hits) + more
    found = np.array([hits])
    recall, ndcg = recall_at(found, np.array([n])), ndcg_at(found, np.array([n]))
    if n == 0:
        assert np.isnan([recall, ndcg]).all()
        return
    best = min(n, len(hits))
    assert recall[0] == pytest.approx(sum(hits) / best)
    assert ndcg[0] == pytest.approx(slow_dcg(hits, len(hits)) / slow_dcg([1] * best, best))


# --- properties


@given(pairs, st.integers(1, 7))
def test_ndcg_lies_in_0_to_1_and_a_perfect_order_is_1(items, k):
    scores, relevance = rows(*zip(*items, strict=True))
    found, perfect = ndcg_ranked(scores, relevance, k), ndcg_ranked(relevance, relevance, k)
    assert np.isnan(found) == np.isnan(perfect)
    if not np.isnan(perfect):
        assert perfect[0] == pytest.approx(1.0)
        assert -1e-9 <= found[0] <= 1.0 + 1e-9


@given(pairs)
def test_spearman_lies_in_minus_1_to_1_and_turns_with_the_order(items):
    scores, relevance = rows(*zip(*items, strict=True))
    scores = np.nan_to_num(scores)
    there, back = spearman(scores, relevance)[0], spearman(-scores, relevance)[0]
    if not np.isnan(there):
        assert -1.0 - 1e-9 <= there <= 1.0 + 1e-9
        assert there == pytest.approx(-back)
        assert spearman(relevance, relevance)[0] == pytest.approx(1.0)


@given(st.lists(pairs.filter(lambda p: len(p) == 4), min_size=2, max_size=5), st.randoms(use_true_random=False))
def test_the_order_of_users_does_not_matter(users, random):
    array = np.array(users, np.float32)  # (q, 4, 2)
    order = list(range(len(users)))
    random.shuffle(order)
    for metric in (ndcg_ranked, spearman):
        found = metric(array[..., 0], array[..., 1])
        np.testing.assert_array_equal(metric(array[order, :, 0], array[order, :, 1]), found[order])


@given(pairs, st.integers(0, 3))
def test_padding_is_ignored(items, more):
    scores, relevance = rows(*zip(*items, strict=True))
    padded = np.pad(scores, ((0, 0), (0, more)), constant_values=99.0)
    gaps = np.pad(relevance, ((0, 0), (0, more)), constant_values=np.nan)
    for metric in (ndcg_ranked, spearman):
        np.testing.assert_allclose(metric(padded, gaps), metric(scores, relevance), atol=1e-12)


@given(st.lists(st.integers(0, 4), min_size=2, max_size=8), st.data())
def test_ndcg_never_falls_when_a_better_item_moves_up(relevance, data):
    """Swapping neighbours so that the more relevant one comes first is never worse."""
    at = data.draw(st.integers(0, len(relevance) - 2))
    order = np.arange(len(relevance), 0, -1, dtype=np.float32)[None]
    before = np.array([relevance], np.float32)
    after = before.copy()
    after[0, at : at + 2] = sorted(before[0, at : at + 2], reverse=True)
    if before.any():
        assert ndcg_ranked(order, after)[0] >= ndcg_ranked(order, before)[0] - 1e-9


@given(st.lists(st.booleans(), min_size=2, max_size=8), st.data())
def test_binary_metrics_never_fall_when_a_hit_is_added(hits, data):
    at = data.draw(st.integers(0, len(hits) - 1))
    more = [hit or place == at for place, hit in enumerate(hits)]
    n = np.array([len(hits)])
    for metric in (recall_at, ndcg_at):
        assert metric(np.array([more]), n)[0] >= metric(np.array([hits]), n)[0] - 1e-9
        assert metric(np.ones((1, len(hits)), bool), n)[0] == pytest.approx(1.0)


# --- cases


def test_a_constant_scorer_gets_no_lucky_order():
    """Best item first or last in the arrays: the same, the mean over all orders of ten ranks 11 - r, about .83."""
    best_first = np.arange(10.0, 0.0, -1.0)
    constant = np.zeros((2, 10))
    found = ndcg_ranked(constant, np.stack([best_first, best_first[::-1]]))
    ideal = slow_dcg(best_first, 10)
    expected = 5.5 * sum(1 / log2(r + 1) for r in range(1, 11)) / ideal
    np.testing.assert_allclose(found, expected)
    assert expected == pytest.approx(0.83, abs=0.02)  # "random .83" in the issue that asked for this metric
    np.testing.assert_array_equal(spearman(constant, np.stack([best_first, best_first[::-1]])), [0.0, 0.0])


def test_a_score_that_nobody_gave_ranks_last():
    scores, relevance = rows([NAN, 0.1, -5.0], [3.0, 2.0, 1.0])
    assert ndcg_ranked(scores, relevance)[0] == pytest.approx(slow_dcg([2, 1, 3], 3) / slow_dcg([3, 2, 1], 3))


def test_users_who_cannot_be_judged_are_nan():
    scores = np.tile(np.float32([3.0, 2.0, 1.0]), (3, 1))
    relevance = np.float32([[0, 0, 0], [NAN, NAN, NAN], [NAN, 2, NAN]])
    np.testing.assert_array_equal(np.isnan(ndcg_ranked(scores, relevance)), [True, True, False])
    np.testing.assert_array_equal(np.isnan(spearman(scores, relevance)), [True, True, True])
    assert ndcg_ranked(np.zeros((2, 0)), np.zeros((2, 0))).shape == (2,)


def test_ndcg_of_a_published_example():
    """The gains of Järvelin & Kekäläinen 2002, G = 3 2 3 0 0 1 2 2 3 0; the discounted sums are done by hand.

    Their discount is log2(rank) from rank 2 on; ours, log2(rank + 1), is the usual one since Burges et al. 2005.
    """
    relevance = np.float32([[3, 2, 3, 0, 0, 1, 2, 2, 3, 0]])
    order = np.arange(10, 0, -1, dtype=np.float32)[None]
    dcg = 3 + 2 / 1.58496 + 3 / 2 + 1 / 2.80735 + 2 / 3 + 2 / 3.16993 + 3 / 3.32193
    ideal = 3 + 3 / 1.58496 + 3 / 2 + 2 / 2.32193 + 2 / 2.58496 + 2 / 2.80735 + 1 / 3
    assert ndcg_ranked(order, relevance)[0] == pytest.approx(dcg / ideal, abs=1e-5)


def test_spearman_of_a_published_example():
    """Wikipedia, "Spearman's rank correlation coefficient", the worked example of IQ and hours of TV: rho = -29/165."""
    iq = np.float32([[106, 100, 86, 101, 99, 103, 97, 113, 112, 110]])
    hours = np.float32([[7, 27, 2, 50, 28, 29, 20, 12, 6, 17]])
    assert spearman(iq, hours)[0] == pytest.approx(-29 / 165)
