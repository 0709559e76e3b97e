"""What lists show beyond being right: how much of the catalog, and how evenly. lists: int32 (q, k), -1 = padding."""

import numpy as np

from ..data.arrays import Int32, Int64


def coverage(lists: Int32, n_items: int) -> float:
    """Share of the catalog that stands in at least one list."""
    return float((_shown(lists, n_items) > 0).mean()) if n_items else float("nan")


def gini(lists: Int32, n_items: int) -> float:
    """Gini coefficient of how often each item is shown: 0 = all equally often, (n - 1) / n = one item only.

    G = Σ_i (2 i - n - 1) x_i / (n Σ x), x sorted upwards, i = 1 … n (Gini 1912). NaN when nothing is shown.
    """
    shown = np.sort(_shown(lists, n_items))
    if shown.sum() == 0:
        return float("nan")
    weights = 2 * np.arange(1, n_items + 1) - n_items - 1
    return float(weights @ shown / (n_items * shown.sum()))


def _shown(lists: Int32, n_items: int) -> Int64:
    """How often each item is shown, int64 (n_items,)."""
    return np.bincount(lists[lists >= 0], minlength=n_items).astype(np.int64)
