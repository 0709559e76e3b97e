"""How sure a mean over users is: the percentile bootstrap, users drawn with replacement.

Efron & Tibshirani 1993, "An Introduction to the Bootstrap", section 13.3. The generator gives a seed, and the compiled
kernel draws; it is imported where it is needed, so that who only reads a report loads no compiler.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from ..data.arrays import Bool, Float64


@dataclass(frozen=True)
class Interval:
    """A mean and the two ends of its interval; all NaN when nobody could be judged."""

    mean: float
    low: float
    high: float


def interval(per_user: Float64, rng: np.random.Generator, rounds: int = 1000, level: float = 0.95) -> Interval:
    """The mean of per_user (n,) over the users who are not NaN."""
    return intervals(np.asarray(per_user, np.float64)[:, None], rng, rounds, level)[0]


def intervals(per_user: Float64, rng: np.random.Generator, rounds: int = 1000, level: float = 0.95) -> list[Interval]:
    """`interval` of each column of per_user (n, m), each over the users who are not NaN in it.

    Columns that were judged on the same users draw the same users, all at once.
    """
    values = np.asarray(per_user, np.float64)
    found = [Interval(np.nan, np.nan, np.nan)] * values.shape[1]
    for known, columns in _judged_alike(values):
        if known.any():
            chosen = values[known][:, columns]  # (n known, columns)
            for c, mine, means in zip(columns, chosen.T, _resampled(chosen, rng, rounds).T, strict=True):
                found[c] = _percentiles(float(np.ascontiguousarray(mine).mean()), means, level)
    return found


def paired(
    per_user_a: Float64, per_user_b: Float64, rng: np.random.Generator, rounds: int = 1000, level: float = 0.95
) -> Interval:
    """The mean of a - b, (n,) each, over the users whom both could be judged on: far narrower than two intervals."""
    return interval(np.asarray(per_user_a, np.float64) - np.asarray(per_user_b, np.float64), rng, rounds, level)


def sums(total: Float64, n: Float64, rng: np.random.Generator, rounds: int = 1000, level: float = 0.95) -> Interval:
    """Sum of totals / sum of counts, float64 (users,) each, users drawn with replacement (Cochran 1977, ch. 6)."""
    return _of_ratios(lambda means: np.asarray(means[:, 0] / means[:, 1]), [total, n], rng, rounds, level)


def root_of_sums(
    a: Float64, b: Float64 | None, n: Float64, rng: np.random.Generator, rounds: int = 1000, level: float = 0.95
) -> Interval:
    """sqrt(sum a / sum n), or with b the difference sqrt(sum a / sum n) - sqrt(sum b / sum n), users drawn alike."""
    if b is None:
        return _of_ratios(lambda means: np.sqrt(means[:, 0] / means[:, 1]), [a, n], rng, rounds, level)
    return _of_ratios(
        lambda means: np.sqrt(means[:, 0] / means[:, 2]) - np.sqrt(means[:, 1] / means[:, 2]), [a, b, n], rng, rounds,
        level,
    )  # fmt: skip


def _of_ratios(
    value: Callable[[Float64], Float64], columns: Sequence[Float64], rng: np.random.Generator, rounds: int, level: float
) -> Interval:
    """value: means (rounds, m) of the columns -> (rounds,)."""
    stacked = np.column_stack(columns).astype(np.float64)
    if len(stacked) == 0:
        return Interval(np.nan, np.nan, np.nan)
    return _percentiles(float(value(stacked.mean(axis=0)[None])[0]), value(_resampled(stacked, rng, rounds)), level)


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


def _judged_alike(values: Float64) -> Iterator[tuple[Bool, list[int]]]:
    """The columns of values (n, m) that miss the same users, with the users that they know, bool (n,)."""
    known = ~np.isnan(values.T)  # (m, n)
    groups: dict[bytes, list[int]] = {}
    for c, users in enumerate(known):
        groups.setdefault(users.tobytes(), []).append(c)
    for columns in groups.values():
        yield known[columns[0]], columns


def _resampled(values: Float64, rng: np.random.Generator, rounds: int) -> Float64:
    """Means of `rounds` draws of n rows from values (n, m), with replacement: (rounds, m)."""
    from ..kernels.bootstrap import resampled_means

    return resampled_means(values, rounds, int(rng.integers(2**63)))


def _percentiles(mean: float, resampled: Float64, level: float) -> Interval:
    low, high = np.quantile(resampled, [(1.0 - level) / 2.0, (1.0 + level) / 2.0])
    return Interval(mean, float(low), float(high))
