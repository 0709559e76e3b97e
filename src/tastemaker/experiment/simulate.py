"""What would this experiment do on our own users? Thousands of experiments on users drawn from those who were there.

Each simulated experiment draws users with replacement, deals them to the arms by coin, and looks `looks` times, evenly
spaced until the planned number of users. A/A: both arms are alike, and every difference that is found is a false alarm.
A/B: the treatment's users do better by `lift`. All experiments run at once, on sums alone: O(sims × users) time.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from scipy.special import ndtri

from ..data.arrays import Bool, Float64, Int64
from ..metrics.ratio import mean_of
from .always_valid import boundary
from .difference import FEWEST
from .plan import Plan

CELLS = 2_000_000  # drawn at once
CROWD = 20_000  # copies of users to draw from, so that chance in who gains does not change the lift


@dataclass(frozen=True)
class Simulated:
    """How often a difference was found: by the always-valid interval at any look, by the fixed-horizon test at any look
    (which it does not allow), and by the fixed-horizon test at the last look alone.

    lift: what the treatment really had; stopped: median share of the planned users when the sequence found it; NaN =
    never
    """

    lift: float
    sims: int
    looks: int
    users: int
    always_valid: float
    peeking: float
    once: float
    stopped: float


def simulate(
    y: Float64, n: Float64 | None, plan: Plan, lift: float, rng: np.random.Generator, *, share: float = 0.5,
    looks: int = 20, sims: int = 2000, alpha: float = 0.05, bounded: bool = True,
) -> Simulated:  # fmt: skip
    """y, n: (users,) sums of the users to draw from, n None = 1 each; bounded: y is at most n (a share).

    lift: relative, such as 0.2; the fixed-horizon test uses the normal quantile.
    """
    copies = -(-CROWD // len(y))
    y, n = np.tile(y, copies), None if n is None else np.tile(n, copies)
    better = treated(y, n, lift, rng, bounded)
    found = _looks(_table(y, n), _table(better, n), plan.users, share, looks, sims, rng)
    sequence, fixed = np.zeros((2, sims, looks), bool)
    for k, (control, treatment) in enumerate(found):
        effect, se, ready = _difference(control, treatment)
        progress = np.divide(plan.se**2, se**2, out=np.zeros_like(se), where=ready)
        wide = np.array([boundary(float(p), alpha) for p in progress])
        sequence[:, k] = ready & (np.abs(effect) > wide * se)
        fixed[:, k] = ready & (np.abs(effect) > float(ndtri(1 - alpha / 2)) * se)
    hit = sequence.any(axis=1)
    rates = [float(np.mean(found)) for found in (hit, fixed.any(axis=1), fixed[:, -1])]
    stopped = float(np.median((sequence[hit].argmax(axis=1) + 1) / looks)) if hit.any() else float("nan")
    base = mean_of(y, n).value
    true = mean_of(better, n).value / base - 1 if base else 0.0
    return Simulated(true, sims, looks, plan.users, rates[0], rates[1], rates[2], stopped)


def treated(y: Float64, n: Float64 | None, lift: float, rng: np.random.Generator, bounded: bool) -> Float64:
    """The same users with a figure that is higher by `lift`: (users,).

    Among counts of successes, failures turn into successes, each as likely as any other; other figures are scaled.
    """
    trials = np.ones(len(y)) if n is None else n
    whole = bounded and all(bool((a == np.round(a)).all()) for a in (y, trials))
    if not whole or lift == 0.0:
        return y * (1.0 + lift)
    turned = (trials - y if lift > 0 else y).astype(np.int64)
    n_turned = min(round(abs(lift) * float(y.sum())), int(turned.sum()))
    change = rng.multivariate_hypergeometric(turned, n_turned, method="marginals")
    return np.asarray(y + np.sign(lift) * change, np.float64)


def _table(y: Float64, n: Float64 | None) -> Float64:
    """(6, users): 1, y, n, y², n², y n, whose sums give a ratio and its variance."""
    n = np.ones(len(y)) if n is None else n
    return np.stack([np.ones(len(y)), y, n, y * y, n * n, y * n])


def _looks(
    plain: Float64, better: Float64, users: int, share: float, looks: int, sims: int, rng: np.random.Generator
) -> Iterator[tuple[Float64, Float64]]:
    """The sums of control and treatment, (6, sims) each, at every look."""
    control, treatment = np.zeros((2, len(plain), sims))
    ends = np.linspace(0, users, looks + 1).round().astype(int)
    for size in np.diff(ends):
        step = max(1, CELLS // sims)
        for start in range(0, size, step):
            shape = (sims, min(step, size - start))
            who, there = rng.integers(plain.shape[1], size=shape), rng.random(shape) < share
            control += _sums(plain, who, ~there)
            treatment += _sums(better, who, there)
        yield control, treatment


def _sums(table: Float64, who: Int64, there: Bool) -> Float64:
    return np.stack([(row[who] * there).sum(axis=1) for row in table])  # (6, sims)


def _difference(control: Float64, treatment: Float64) -> tuple[Float64, Float64, Bool]:
    """Treatment minus control and its standard error, (sims,) each; and where anything can be said."""
    (c, c_var), (t, t_var) = _ratio(control), _ratio(treatment)
    se2 = c_var + t_var
    ready = (np.minimum(_effective(control), _effective(treatment)) >= FEWEST) & (se2 > 0)
    return t - c, np.sqrt(np.where(ready, se2, 1.0)), ready


def _effective(sums: Float64) -> Float64:
    """`metrics.ratio.effective` from sums."""
    return np.asarray(sums[2] ** 2 / np.maximum(sums[4], 1e-12))


def _ratio(sums: Float64) -> tuple[Float64, Float64]:
    """`metrics.ratio.mean_of` from sums: the figure and its own variance."""
    N, y, n, yy, nn, yn = sums
    n = np.maximum(n, 1e-12)  # nobody was drawn yet
    value = y / n
    return value, np.maximum(yy - 2 * value * yn + value**2 * nn, 0.0) / np.maximum(N - 1, 1) * N / n**2
