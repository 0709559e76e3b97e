"""Judging ranked lists against what was relevant, all users and all metrics in one pass: arrays in, arrays out.

Libraries disagree on these names: NDCG@20 of one and the same lists reads .1187, .1124 or .0594 in three of them. Ours,
for the list l_1 … l_k of a user with the n > 0 relevant items R, rel_r = 1 where l_r is in R:

    recall     Σ rel_r / n            as published for Gowalla (He et al. 2020, LightGCN): where n > k it cannot reach 1
    precision  Σ rel_r / k
    ndcg       Σ rel_r / log2(r + 1)  over the same sum of a perfect list, whose first min(n, k) ranks are relevant
    map        Σ rel_r (hits up to r) / r  / min(n, k)
    mrr        1 / r of the first hit, 0 without one
    hit        1 with a hit, else 0

Cost: a binary search in the user's row for each place of the list, O(q k log n) time, no memory beside the answer.
"""

import numpy as np

from ..data.arrays import Csr, Float32, Float64, Int32, Int64
from .jit import njit, prange

METRICS = ("recall", "precision", "ndcg", "map", "mrr", "hit")


def ranking_metrics(lists: Int32, relevant: Csr) -> dict[str, Float64]:
    """Name in METRICS -> float64 (q,), NaN where nothing is relevant.

    lists: int32 (q, k), k > 0, best first, -1 = padding; the items of a list must be distinct, a repeated hit would
    count again. relevant: csr (q, n_items), indices sorted; what is stored and not zero is relevant.
    """
    found = np.empty((len(METRICS), len(lists)))
    places, row = np.ascontiguousarray(lists, np.int32), relevant.indices.astype(np.int32, copy=False)
    starts, values = relevant.indptr.astype(np.int64, copy=False), relevant.data.astype(np.float32, copy=False)
    discount = 1.0 / np.log2(np.arange(2, lists.shape[1] + 2))  # (k,)
    _judge(places, starts, row, values, discount, found)
    return dict(zip(METRICS, found, strict=True))


@njit(cache=True, parallel=True, error_model="numpy")
def _judge(lists: Int32, starts: Int64, items: Int32, values: Float32, discount: Float64, found: Float64) -> None:
    """found: float64 (6, q), out, in the order of METRICS."""
    k = lists.shape[1]
    for u in prange(len(lists)):
        first, last = starts[u], starts[u + 1]
        n = 0
        for at in range(first, last):
            n += values[at] != 0
        if n == 0:
            found[:, u] = np.nan
            continue
        hits, gain, precisions, reciprocal, best = 0, 0.0, 0.0, 0.0, 0.0
        for r in range(k):
            if r < n:
                best += discount[r]
            item = lists[u, r]
            at, length = first, last - first
            while length > 1:  # no branch to mispredict
                half = length >> 1
                at += half if items[at + half] <= item else 0
                length -= half
            if items[at] != item or values[at] == 0:
                continue
            hits += 1
            gain += discount[r]
            precisions += hits / (r + 1)
            if hits == 1:
                reciprocal = 1.0 / (r + 1)
        found[0, u] = hits / n
        found[1, u] = hits / k
        found[2, u] = gain / best
        found[3, u] = precisions / min(n, k)
        found[4, u] = reciprocal
        found[5, u] = hits > 0
