"""How sure a mean over users is: the percentile bootstrap, users drawn with replacement.

Efron & Tibshirani 1993, "An Introduction to the Bootstrap", section 13.3.
"""

from dataclasses import dataclass

import numpy as np

from ..data.arrays import Float64

HELD = 1 << 22  # resampled numbers held at once: 32 MB


@dataclass(frozen=True)
class Interval:
    """A mean and the two ends of its interval; all NaN when nobody could be judged."""

    mean: float
    low: float
    high: float


def interval(per_user: Float64, rng: np.random.Generator, rounds: int = 1000, level: float = 0.95) -> Interval:
    """The mean of per_user (n,) over the users who are not NaN."""
    known = np.asarray(per_user, np.float64)
    known = known[~np.isnan(known)]
    if len(known) == 0:
        return Interval(np.nan, np.nan, np.nan)
    return _percentiles(float(known.mean()), _resampled(known[:, None], rng, rounds)[:, 0], level)


def paired(
    per_user_a: Float64, per_user_b: Float64, rng: np.random.Generator, rounds: int = 1000, level: float = 0.95
) -> Interval:
    """The mean of a - b, (n,) each, over the users whom both could be judged on: far narrower than two intervals."""
    return interval(np.asarray(per_user_a, np.float64) - np.asarray(per_user_b, np.float64), rng, rounds, level)


def share(
    model: Float64, floor: Float64, ceiling: Float64, rng: np.random.Generator, *,
    rounds: int = 1000, level: float = 0.95,
) -> Interval:  # fmt: skip
    """How far the model came from the floor to the ceiling, (n,) each, over the users whom all three were judged on.

    share = (mean(model) - mean(floor)) / (mean(ceiling) - mean(floor)), each resample drawing the same users for all
    three; NaN when the ceiling is not above the floor. Resamples where it is not are left out.
    """
    three = np.column_stack([model, floor, ceiling]).astype(np.float64)  # (n, 3)
    three = three[~np.isnan(three).any(axis=1)]
    if len(three) == 0:
        return Interval(np.nan, np.nan, np.nan)
    mean = float(_share(three.mean(axis=0)[None])[0])
    ratios = _share(_resampled(three, rng, rounds))
    ratios = ratios[~np.isnan(ratios)]
    if np.isnan(mean) or len(ratios) == 0:
        return Interval(np.nan, np.nan, np.nan)
    return _percentiles(mean, ratios, level)


def _share(means: Float64) -> Float64:
    """(rounds, 3) means of model, floor, ceiling -> (rounds,)."""
    way = means[:, 2] - means[:, 1]
    return np.asarray(np.divide(means[:, 0] - means[:, 1], way, out=np.full(len(way), np.nan), where=way > 0))


def _resampled(values: Float64, rng: np.random.Generator, rounds: int) -> Float64:
    """Means of `rounds` draws of n rows from values (n, m), with replacement: (rounds, m)."""
    n, m = values.shape
    step = max(1, HELD // (n * m))
    sizes = [min(step, rounds - done) for done in range(0, rounds, step)]
    return np.concatenate([values[rng.integers(0, n, (size, n))].mean(axis=1) for size in sizes])


def _percentiles(mean: float, resampled: Float64, level: float) -> Interval:
    low, high = np.quantile(resampled, [(1.0 - level) / 2.0, (1.0 + level) / 2.0])
    return Interval(mean, float(low), float(high))
