"""What would another model have earned on the slates that this one showed? From logs with propensities.

The log shows item a at a position with the propensity μ, its chance given the items above (`data.exploration`); the
judged policy would have shown it there with the chance π. With w = π / μ, reward r and P shown positions, the value a
position:

    IPS     Σ w r / P                     unbiased; Horvitz & Thompson 1952, Li et al. 2018 (item-position model)
    SNIPS   Σ w r / Σ w                   a little biased, far less noisy; Swaminathan & Joachims 2015
    DR      Σ (q(π) + w (r - q(a))) / P   unbiased if μ or the reward model q is right; Dudík et al. 2011

Assumption: a reward depends on the item, the position and the user, not on the items above it. Intervals are normal
ones of ratios of sums over groups (users, or slates), by the delta method. What the log cannot say is refused: a policy
that shows what was never drawn, or so few effective draws, (Σ w)² / Σ w² (Kong 1992), that an interval would mean
nothing.
"""

from dataclasses import dataclass

import numpy as np
from scipy.special import ndtri

from ..data.arrays import Bool, Float64, Int64
from ..errors import DataError
from .bootstrap import Interval
from .ratio import mean_of

EFFECTIVE = 30.0  # draws that an estimate needs, at least
SUPPORT = 0.9  # share of what the policy would show that the log must be able to show


@dataclass(frozen=True)
class Logged:
    """rewards, propensities, target: float64 (slates, positions), NaN rewards = nothing was shown there.

    target: the judged policy's chance of the item shown, given those above it; group: int64 (slates,), whose slate it
    was
    """

    rewards: Float64
    propensities: Float64
    target: Float64
    group: Int64

    def __post_init__(self) -> None:
        shapes = {self.rewards.shape, self.propensities.shape, self.target.shape}
        if len(shapes) > 1 or len(self.group) != len(self.rewards):
            raise DataError(f"Rewards, propensities and targets have the shapes {sorted(shapes)}. Make them alike.")
        wrong = self.shown & ~((self.propensities > 0.0) & (self.propensities <= 1.0))
        if wrong.any():
            example = self.propensities[wrong][0]
            raise DataError(f"{wrong.sum()} propensities lie outside (0, 1], such as {example:g}. Leave them out.")

    @property
    def shown(self) -> Bool:
        return ~np.isnan(self.rewards)

    @property
    def weights(self) -> Float64:
        """w: (slates, positions), 0 where nothing was shown."""
        shown = self.shown
        return np.divide(self.target, self.propensities, out=np.zeros(shown.shape), where=shown)


@dataclass(frozen=True)
class OffPolicy:
    """value: reward a position; effective: how many draws it rests on; support: the mean weight, 1 in expectation."""

    value: Interval
    effective: float
    support: Interval
    slates: int


def ips(log: Logged, level: float = 0.95) -> OffPolicy:
    return _estimate(log, log.weights * np.nan_to_num(log.rewards), _ones(log), level)


def snips(log: Logged, level: float = 0.95) -> OffPolicy:
    return _estimate(log, log.weights * np.nan_to_num(log.rewards), log.weights, level)


def doubly_robust(log: Logged, of_shown: Float64, of_target: Float64, level: float = 0.95) -> OffPolicy:
    """of_shown, of_target: the reward model's guess for the item shown, and its mean under the judged policy, (slates,
    positions) each."""
    residual = np.where(log.shown, log.rewards - of_shown, 0.0)
    return _estimate(log, np.where(log.shown, of_target, 0.0) + log.weights * residual, _ones(log), level)


def check_support(log: Logged) -> tuple[float, Interval]:
    """Effective draws and the mean weight; DataError where the log cannot judge the policy."""
    shown, mu = log.shown, log.propensities
    if not shown.any():
        raise DataError("The log shows nothing, so it cannot judge a model. Serve with explore above 0 first.")
    fixed = shown & (mu == 1.0) & (log.target < 1.0)
    if fixed.any():
        raise DataError(
            f"{fixed.sum()} of {shown.sum()} positions were shown without a draw (propensity 1), so nothing says what "
            "else would have done there. Set explore above 0, and use slates shown since."
        )
    w = log.weights[shown]
    effective = float(w.sum() ** 2 / (w @ w)) if w.any() else 0.0
    support = _interval(log, log.weights, _ones(log), 0.95)
    if effective < EFFECTIVE:
        raise DataError(
            f"The log holds only {effective:.1f} effective draws of what this model would show (needed: {EFFECTIVE:g}; "
            f"{shown.sum()} positions were shown). Explore more or longer, or run an experiment."
        )
    if support.high < SUPPORT:
        raise DataError(
            f"The log could show only {support.mean:.0%} [{support.low:.0%}, {support.high:.0%}] of what this model "
            f"would (needed: {SUPPORT:.0%}). The two are too different to be judged by it: run an experiment."
        )
    return effective, support


def _estimate(log: Logged, above: Float64, below: Float64, level: float) -> OffPolicy:
    effective, support = check_support(log)
    return OffPolicy(_interval(log, above, below, level), effective, support, len(log.rewards))


def _ones(log: Logged) -> Float64:
    return log.shown.astype(np.float64)


def _interval(log: Logged, above: Float64, below: Float64, level: float) -> Interval:
    """Σ above / Σ below with the groups as units; a group without any weight still is one."""
    _, who = np.unique(log.group, return_inverse=True)
    y, n = (np.bincount(who, part.sum(axis=1)).astype(np.float64) for part in (above, below))
    found = mean_of(y, n)
    half = float(ndtri((1 + level) / 2)) * float(np.sqrt(found.se2))
    return Interval(found.value, found.value - half, found.value + half)
