"""The n best of each row, ties to the lower column."""

import numpy as np

from ..data.arrays import UNKNOWN, Bool, Csr, Float32, Int32


def top_rows(scores: Float32, n: int, exclude: Csr | None = None, allowed: Bool | None = None) -> tuple[Int32, Float32]:
    """scores float32 (q, n_items) -> columns int32 (q, n) best first, -1 where too few; their scores, NaN there.

    Time O(n_items) a row by partition, then a stable sort of what is left. NaN is never chosen.
    """
    ranked = np.where(np.isnan(scores), -np.inf, scores)  # (q, n_items), a copy
    if exclude is not None:
        ranked[exclude.nonzero()] = -np.inf
    if allowed is not None:
        ranked[:, ~allowed] = -np.inf
    rows = np.full((len(ranked), n), UNKNOWN, np.int32)
    values = np.full((len(ranked), n), np.nan, np.float32)
    for i, row in enumerate(ranked):
        best = _best(row, n)
        rows[i, : len(best)] = best
        values[i, : len(best)] = row[best]
    return rows, values


def _best(row: Float32, n: int) -> Int32:
    """Columns of the n largest finite entries, by falling value, then rising column."""
    if n < len(row):
        threshold = row[np.argpartition(-row, n - 1)[:n]].min() if n > 0 else np.inf
        candidates = np.flatnonzero(row >= threshold)
    else:
        candidates = np.arange(len(row))
    candidates = candidates[row[candidates] > -np.inf]
    order = np.argsort(-row[candidates], kind="stable")[:n]
    return candidates[order].astype(np.int32)
