"""The interval of a test that is looked at once, at its planned end: Welch's t.

Welch 1947, "The generalization of 'Student's' problem when several different population variances are involved". Looked
at daily it cries wolf ever more often; `always_valid` does not.
"""

from scipy.special import stdtr, stdtrit

from .difference import Difference, Lift, lift


def fixed_horizon(found: Difference, alpha: float = 0.05) -> Lift:
    """1 - alpha intervals, and the two-sided p of no difference."""
    points = found.points
    p = 1.0 if found.few else 2.0 * float(stdtr(points.df, -abs(points.effect) / points.se))
    return lift(found, lambda e: float(stdtrit(e.df, 1 - alpha / 2)) * e.se, p)
