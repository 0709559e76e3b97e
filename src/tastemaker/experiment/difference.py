"""Treatment minus control, in points and in percent, with its standard error and Welch's degrees of freedom.

Points: Δ = t - c, se² = se²_t + se²_c. Percent: t / c - 1 through log(t / c), whose variance is se²_t / t² + se²_c / c²
by the delta method; there both figures must be positive. Degrees of freedom: Welch 1947 (Satterthwaite's formula).
"""

from collections.abc import Callable
from dataclasses import dataclass
from math import exp, inf, isfinite, log, nan, sqrt

from ..metrics import Interval
from ..metrics.ratio import Mean

# Users an arm, below which no normal approximation is offered; where a few users have most of the events, as many as
# these amount to: else an early look at a ratio cries wolf in 11 % of simulations, not in 1.6 %.
FEWEST = 30


@dataclass(frozen=True)
class Estimate:
    """effect: the difference, or the log of the ratio; se: its standard error; df: Welch's degrees of freedom."""

    effect: float
    se: float
    df: float


@dataclass(frozen=True)
class Difference:
    """few: fewer users in an arm than a normal approximation needs, or all are alike: nothing can be said yet."""

    points: Estimate
    log_ratio: Estimate | None
    few: bool


@dataclass(frozen=True)
class Lift:
    """points, percent: treatment over control with both ends; percent is NaN where a figure is not positive.

    p: how surprising so large a difference is where there is none, under the promise of the method that made this
    """

    points: Interval
    percent: Interval
    p: float


def difference(control: Mean, treatment: Mean) -> Difference:
    few = min(control.n, treatment.n, control.effective, treatment.effective) < FEWEST
    points = _estimate(treatment.value - control.value, control, treatment, 1.0, 1.0)
    both = control.value > 0 and treatment.value > 0
    ratio = log(treatment.value / control.value) if both else nan
    log_ratio = _estimate(ratio, control, treatment, control.value, treatment.value) if both else None
    return Difference(points, log_ratio, few or not (isfinite(points.se) and points.se > 0))


def lift(found: Difference, half: Callable[[Estimate], float], p: float) -> Lift:
    """half: an estimate -> half the width of its interval. While nothing can be said the interval is everything."""
    middle = found.points.effect
    width = inf if found.few else half(found.points)
    points = Interval(middle, middle - width, middle + width)
    if found.log_ratio is None:
        return Lift(points, Interval(nan, nan, nan), p)
    middle = found.log_ratio.effect
    width = inf if found.few else half(found.log_ratio)
    ends = (exp(x) - 1 if x < 700 else inf for x in (middle, middle - width, middle + width))
    return Lift(points, Interval(*ends), p)


def _estimate(effect: float, control: Mean, treatment: Mean, c: float, t: float) -> Estimate:
    """c, t: what each arm's standard error is divided by."""
    a, b = control.se2 / c**2, treatment.se2 / t**2
    if not (isfinite(a + b) and a + b > 0):
        return Estimate(effect, sqrt(a + b), nan)
    df = (a + b) ** 2 / (a**2 / (control.n - 1) + b**2 / (treatment.n - 1))
    return Estimate(effect, sqrt(a + b), df)
