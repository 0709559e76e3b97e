"""What lists show beyond being right: how much of the catalog, how evenly, how new, how mixed, how popular.

lists: int32 (q, k), -1 = padding, the items of a list distinct. popularity: float64 (n_items,), the share of users who
had the item. What is averaged, is averaged over each list first, then over the lists that hold enough.
"""

from typing import NamedTuple

import numpy as np
from scipy.sparse import csr_array

from ..data.arrays import Csr, Float32, Float64, Int32, Int64

NAN = float("nan")


class PopularityBias(NamedTuple):
    """popularity: the mean of what is listed; ratio: to what the same users had chosen themselves, 1 = the same."""

    popularity: float
    ratio: float


def coverage(lists: Int32, n_items: int) -> float:
    """Share of the catalog that stands in at least one list."""
    return float((_shown(lists, n_items) > 0).mean()) if n_items else NAN


def gini(lists: Int32, n_items: int) -> float:
    """Gini coefficient of how often each item is shown: 0 = all equally often, (n - 1) / n = one item only.

    G = Σ_i (2 i - n - 1) x_i / (n Σ x), x sorted upwards, i = 1 … n (Gini 1912). NaN when nothing is shown.
    """
    shown = np.sort(_shown(lists, n_items))
    if shown.sum() == 0:
        return NAN
    weights = 2 * np.arange(1, n_items + 1) - n_items - 1
    return float(weights @ shown / (n_items * shown.sum()))


def popularity_of(histories: Csr) -> Float64:
    """Share of the users who had each item: csr (q, n_items), stored non-zeros count -> float64 (n_items,)."""
    chosen = histories.indices[histories.data != 0]
    return np.asarray(np.bincount(chosen, minlength=histories.shape[1]) / max(histories.shape[0], 1))


def novelty(lists: Int32, popularity: Float64) -> float:
    """Mean self-information of what is listed, in bits: -log2 p_i, p_i the share of users who had item i.

    Vargas & Castells 2011, "Rank and Relevance in Novelty and Diversity Metrics for Recommender Systems", section 3.
    Where we leave the paper: an item that nobody had would be infinitely new; it counts as the rarest that somebody
    had. NaN when nobody had anything, or nothing is listed.
    """
    known = popularity > 0
    if not known.any():
        return NAN
    return _mean(_means(lists, -np.log2(np.where(known, popularity, popularity[known].min()))))


def diversity(lists: Int32, vectors: Float32) -> float:
    """Mean distance 1 - cos of the pairs within a list: vectors (n_items, d), of any length; a zero is like nothing.

    Ziegler et al. 2005, "Improving Recommendation Lists Through Topic Diversification", eq. 2, for unit vectors u in
    O(q k d): Σ_{i≠j} u_i · u_j = |Σ_i u_i|² - Σ_i |u_i|². Lists of fewer than two items have no pair.
    """
    unit = vectors.astype(np.float64)  # (n_items, d)
    length = np.linalg.norm(unit, axis=1, keepdims=True)
    np.divide(unit, length, out=unit, where=length > 0)
    matrix = _as_matrix(lists, len(vectors))
    size, together = np.diff(matrix.indptr), matrix @ unit  # (q,), (q, d)
    alike = np.einsum("qd,qd->q", together, together) - matrix @ (length[:, 0] > 0)
    return _mean(1.0 - _ratio(alike, size * (size - 1.0)))


def popularity_bias(lists: Int32, popularity: Float64, histories: Csr) -> PopularityBias:
    """Mean popularity of what is listed, and its ratio to that of the users' own histories, csr (q, n_items).

    Abdollahpouri et al. 2019: average recommendation popularity ("Managing Popularity Bias in Recommender Systems with
    Personalized Re-Ranking"); the ratio is 1 + ΔGAP ("The Unfairness of Popularity Bias in Recommendation"), over the
    users with a list and a history. Above 1 the lists are more popular than what these users choose.
    """
    shown = _means(lists, popularity)
    chosen = (histories != 0).astype(np.float64)  # (q, n_items)
    own = _ratio(chosen @ popularity, np.diff(chosen.indptr))
    both = ~np.isnan(shown) & ~np.isnan(own)
    return PopularityBias(_mean(shown), float(_ratio(shown[both].sum(keepdims=True), own[both].sum(keepdims=True))[0]))


def _shown(lists: Int32, n_items: int) -> Int64:
    """How often each item is shown, int64 (n_items,)."""
    return np.bincount(lists[lists >= 0], minlength=n_items).astype(np.int64)


def _as_matrix(lists: Int32, n_items: int) -> Csr:
    """1 where an item is listed, csr float64 (q, n_items)."""
    there = lists >= 0
    starts = np.concatenate([[0], np.cumsum(there.sum(axis=1))])
    return csr_array((np.ones(starts[-1]), lists[there], starts), shape=(len(lists), n_items))


def _means(lists: Int32, values: Float64) -> Float64:
    """Mean value of each list's items: values (n_items,) -> (q,), NaN for an empty list."""
    there = lists >= 0
    return _ratio(np.where(there, values[lists], 0.0).sum(axis=1), there.sum(axis=1))


def _mean(values: Float64) -> float:
    known = values[~np.isnan(values)]
    return float(known.mean()) if len(known) else NAN


def _ratio(above: Float64, below: Float64 | Int64) -> Float64:
    return np.asarray(np.divide(above, below, out=np.full(len(above), np.nan), where=below > 0))
