"""What neighbors of an item say of it, for many queries at once."""

import numpy as np

from ..data.arrays import Float32, Int32, Int64
from .jit import njit, prange

FEW = 4  # queries that one thread answers sooner than several could be woken
_jit, _jit_threads = njit(cache=True), njit(cache=True, parallel=True)


def add_neighbors(
    starts: Int64, columns: Int32, rest: Float32, asked: Int32, n_starts: Int64, neighbors: Int32, weights: Float32,
    firm: float, scores: Float32,
) -> None:  # fmt: skip
    """scores[q, c] += sum_j w_ij rest_qj / (firm + sum_j w_ij) over the neighbors j of i = asked[q, c] in q's history.

    starts, columns, rest: csr (q, n_items); asked: int32 (q or 1, n), one row = the same for all; n_starts, neighbors,
    weights: csr (n_items, n_items), row i: the neighbors of i. Cost a query: O(h + n k), and memory O(n_items).
    """
    told = (starts, columns, rest, asked, n_starts, neighbors, weights, firm, scores)
    _few(*told) if len(scores) < FEW else _many(*told)


@_jit
def _few(starts, columns, rest, asked, n_starts, neighbors, weights, firm, scores):  # type: ignore[no-untyped-def]
    for q in range(scores.shape[0]):
        _one(q, starts, columns, rest, asked, n_starts, neighbors, weights, firm, scores)


@_jit_threads
def _many(starts, columns, rest, asked, n_starts, neighbors, weights, firm, scores):  # type: ignore[no-untyped-def]
    for q in prange(scores.shape[0]):
        _one(q, starts, columns, rest, asked, n_starts, neighbors, weights, firm, scores)


@_jit
def _one(q, starts, columns, rest, asked, n_starts, neighbors, weights, firm, scores):  # type: ignore[no-untyped-def]
    if starts[q] == starts[q + 1]:
        return
    told = np.full(n_starts.size - 1, np.nan, np.float32)
    for e in range(starts[q], starts[q + 1]):
        told[columns[e]] = rest[e]
    items = asked[min(np.int64(q), asked.shape[0] - 1)]
    for c in range(items.size):
        up, down = 0.0, firm
        for k in range(n_starts[items[c]], n_starts[items[c] + 1]):
            said = told[neighbors[k]]
            if not np.isnan(said):
                up += weights[k] * said
                down += weights[k]
        scores[q, c] += up / down
