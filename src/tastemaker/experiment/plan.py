"""How many users and days an experiment needs, before it starts.

An effect δ is found with the given power where δ = (b + z_power) se, b the number of standard errors at which the
verdict falls: 1.96 for a single look at the end, `always_valid.boundary` for a look any day. With the share s in the
treatment and variance σ² a user, se² = σ² / (N s (1 - s)). Looking any day costs N by the factor ((3.03 + z) / (1.96 +
z))² when nothing happens; it is often over earlier.
"""

from dataclasses import dataclass
from math import ceil

from scipy.special import ndtri

from ..metrics.ratio import Mean
from .always_valid import boundary


@dataclass(frozen=True)
class Plan:
    """effect: the smallest difference worth finding, in the metric's own units; base: the figure it is added to.

    se: the standard error that finds it; users: of both arms, for a verdict that may be looked at any day;
    users_once: for a single look; daily: new users a day; days: None = nobody knows how many come
    known: how many users the figure and its variance come from; 0 = nobody yet, the widest that a share can be
    """

    effect: float
    base: float
    se: float
    users: int
    users_once: int
    daily: float
    days: float | None
    known: int


def plan_for(
    arm: Mean, effect: float, share: float = 0.5, daily: float = 0.0, *, alpha: float = 0.05, power: float = 0.9
) -> Plan:
    """arm: what is known of one user beforehand (value and variance)."""
    se = effect / (boundary(1.0, alpha) + float(ndtri(power)))
    once = effect / float(ndtri(1 - alpha / 2) + ndtri(power))
    users, users_once = (ceil(arm.variance / (share * (1 - share)) / s**2) for s in (se, once))
    return Plan(effect, arm.value, se, users, users_once, daily, users / daily if daily > 0 else None, arm.n)


def detectable(arm: Mean, users: int, share: float = 0.5, *, alpha: float = 0.05, power: float = 0.9) -> float:
    """The smallest difference that so many users of both arms would show."""
    se = (arm.variance / (share * (1 - share)) / users) ** 0.5
    return float(se * (boundary(1.0, alpha) + float(ndtri(power))))


def remaining(plan: Plan, users: int, se: float) -> int:
    """How many more users until the planned precision, at the variance seen so far."""
    return max(0, ceil(users * ((se / plan.se) ** 2 - 1)))
