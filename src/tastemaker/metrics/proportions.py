"""How sure a share is, how sure the difference of two shares, and how far two distributions lie apart."""

from math import sqrt
from statistics import NormalDist

import numpy as np

from ..data.arrays import Float64
from .bootstrap import Interval
from .ratio import mean_of

FEW = 5  # groups, below which how much they differ cannot be told
EMPTY = 1e-4  # the least share of a bin, so that its logarithm exists


def wilson(hits: float, n: float, level: float = 0.95) -> Interval:
    """The share hits / n with Wilson's score interval (Wilson 1927); all NaN for n = 0."""
    if n <= 0:
        return Interval(float("nan"), float("nan"), float("nan"))
    z, p = NormalDist().inv_cdf(0.5 + level / 2.0), hits / n
    middle, width = p + z * z / (2 * n), z * sqrt(p * (1 - p) / n + (z / (2 * n)) ** 2)
    low, high = ((middle + side * width) / (1 + z * z / n) for side in (-1, 1))
    return Interval(p, max(low, 0.0), min(high, 1.0))


def effective(hit: np.ndarray, group: np.ndarray) -> float:
    """How many independent outcomes these n are worth, as outcomes of one group (a user) resemble each other.

    hit: bool (n,); group: (n,). n over the design effect n V / (p (1 - p)), V the variance of the share over groups
    (Korn & Graubard 1998); at most n, and n itself where fewer than FEW groups tell nothing of V.
    """
    _, at = np.unique(group, return_inverse=True)
    y, n = np.bincount(at, weights=hit).astype(np.float64), np.bincount(at).astype(np.float64)
    if len(n) < FEW:
        return float(len(hit))
    found = mean_of(y, n)
    free = found.value * (1.0 - found.value)
    return float(len(hit)) if free <= 0 or found.se2 <= 0 else min(float(len(hit)), free / found.se2)


def difference(a: Interval, b: Interval) -> Interval:
    """Share a - share b, from their Wilson intervals (Newcombe 1998, "Interval estimation for the difference", 10)."""
    low = a.mean - b.mean - sqrt((a.mean - a.low) ** 2 + (b.high - b.mean) ** 2)
    high = a.mean - b.mean + sqrt((a.high - a.mean) ** 2 + (b.mean - b.low) ** 2)
    return Interval(a.mean - b.mean, low, high)


def stability(before: Float64, now: Float64) -> float:
    """Population stability index Σ (now - before) ln(now / before) of two distributions over the same bins, (bins,).

    Counts or shares; 0 = the same; NaN where one of them is empty.
    """
    if not (before.sum() > 0 and now.sum() > 0):
        return float("nan")
    p, q = (np.maximum(x / x.sum(), EMPTY) for x in (before, now))
    return float(np.sum((q - p) * np.log(q / p)))


def stability_by_chance(bins: int, n_before: float, n_now: float, level: float = 0.95) -> float:
    """What the index exceeds in 1 - level of all cases where nothing changed.

    Chi-square with bins - 1 degrees of freedom, times 1 / n_before + 1 / n_now (Yurdakul 2018, "Statistical Properties
    of Population Stability Index"); its quantile by Wilson and Hilferty (1931).
    """
    free = max(bins - 1, 1)
    z = NormalDist().inv_cdf(level)
    return float(free * (1 - 2 / (9 * free) + z * sqrt(2 / (9 * free))) ** 3 * (1 / n_before + 1 / n_now))
