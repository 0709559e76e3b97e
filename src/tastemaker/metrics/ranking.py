"""How good an order is. Pure functions: arrays in, one number a query out; NaN = this query cannot be judged.

Rows may be ragged: an item whose relevance is NaN is padding. An item whose score is NaN is ranked last. Tied scores
get what they would get on average over all orders of the tied items, so that a constant scorer earns no lucky order
(McSherry & Najork 2008, "Computing Information Retrieval Performance Measures Efficiently in the Presence of Tied
Scores").
"""

import numpy as np

from ..data.arrays import Bool, Float32, Float64, Int32, Int64


def ndcg_ranked(scores: Float32, relevance: Float32, k: int = 10) -> Float64:
    """Graded NDCG@k with linear gain (Järvelin & Kekäläinen 2002): scores, relevance (q, n) -> (q,).

    DCG = Σ_r rel_r / log2(r + 1) over the ranks r = 1 … k;  NDCG = DCG / the DCG of the best order.
    relevance: at least 0. NaN where nothing is relevant.
    """
    present = ~np.isnan(relevance)
    gain = np.where(present, relevance, 0.0)  # (q, n)
    upto = _cumulated_discount(scores.shape[1], k)
    first, last = _ranks(scores, present)
    expected = (upto[last] - upto[first - 1]) / (last - first + 1)  # mean discount of the ranks that a tie covers
    ideal = -np.sort(-gain, axis=1) @ np.diff(upto)
    return _ratio((gain * expected).sum(axis=1), ideal)


def spearman(scores: Float32, relevance: Float32) -> Float64:
    """Spearman 1904: Pearson's correlation of the ranks, ties at their mean rank; scores, relevance (q, n) -> (q,).

    Constant scores -> 0: they order nothing. Constant relevance, or fewer than two items -> NaN: nothing to order.
    """
    present = ~np.isnan(relevance)
    x, y = (_centred_ranks(values, present) for values in (scores, relevance))
    spread_x, spread_y = (x * x).sum(axis=1), (y * y).sum(axis=1)
    found = _ratio((x * y).sum(axis=1), np.sqrt(spread_x * spread_y))
    return np.where((spread_x == 0) & (spread_y > 0), 0.0, found)


def recall_at(hits: Bool, n_relevant: Int32) -> Float64:
    """Share of the best possible hits that were found: hits (q, k) best first, n_relevant (q,) -> (q,).

    Σ hits / min(n_relevant, k): a perfect list is 1 even where more is relevant than fits. NaN where nothing is.
    """
    return _ratio(hits.sum(axis=1), np.minimum(n_relevant, hits.shape[1]))


def ndcg_at(hits: Bool, n_relevant: Int32) -> Float64:
    """Binary NDCG@k, discount 1 / log2(rank + 1) (Järvelin & Kekäläinen 2002): hits (q, k), n_relevant (q,) -> (q,)."""
    k = hits.shape[1]
    upto = _cumulated_discount(k, k)
    return _ratio(hits @ np.diff(upto), upto[np.minimum(n_relevant, k)])


def _cumulated_discount(n: int, k: int) -> Float64:
    """Σ 1 / log2(r + 1) over the ranks r = 1 … i that are at most k, for i = 0 … n: (n + 1,)."""
    rank = np.arange(1, n + 1)
    return np.concatenate([[0.0], np.cumsum(np.where(rank <= k, 1.0 / np.log2(rank + 1), 0.0))])


def _ranks(scores: Float32, present: Bool) -> tuple[Int64, Int64]:
    """First and last rank that each item can have, 1 = best, int64 (q, n) each; they differ where scores tie.

    Padding comes last, behind the NaN.
    """
    keys = np.where(np.isnan(scores) | ~present, -np.inf, scores)
    order = np.lexsort((-keys, ~present), axis=1)  # (q, n)
    sorted_keys, there = np.take_along_axis(keys, order, 1), np.take_along_axis(present, order, 1)
    q, n = scores.shape
    new = np.ones((q, n + 1), bool)  # does a group of ties start here?
    new[:, 1:n] = (sorted_keys[:, 1:] != sorted_keys[:, :-1]) | (there[:, 1:] != there[:, :-1])
    at = np.arange(1, n + 1)
    starts = np.maximum.accumulate(np.where(new[:, :n], at, 0), axis=1)
    ends = np.minimum.accumulate(np.where(new[:, 1:], at, n)[:, ::-1], axis=1)[:, ::-1]
    first, last = np.empty((q, n), np.int64), np.empty((q, n), np.int64)
    np.put_along_axis(first, order, starts, 1)
    np.put_along_axis(last, order, ends, 1)
    return first, last


def _centred_ranks(values: Float32, present: Bool) -> Float64:
    """Mean rank of each item minus the row's mean rank, (q, n), exact; 0 for padding."""
    first, last = _ranks(values, present)
    middle = (present.sum(axis=1, keepdims=True) + 1) / 2.0
    return np.where(present, (first + last) / 2.0 - middle, 0.0)


def _ratio(above: Float64, below: Float64) -> Float64:
    """above / below, (q,); NaN where below is 0."""
    return np.asarray(np.divide(above, below, out=np.full(len(above), np.nan), where=np.asarray(below) > 0))
