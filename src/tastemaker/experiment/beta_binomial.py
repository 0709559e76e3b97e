"""The Bayesian view of a share: how likely is the treatment better, and what is lost if that is wrong?

Each arm's share has a Beta(1 + successes, 1 + failures) belief. Outcomes of one user are alike, so they count for less
than their number: the effective number of trials is r (1 - r) / se², with the standard error over users (Kish 1965, the
design effect). Then

    P(t > c) = ∫ f_t F_c,   E[loss of choosing t] = E[max(c - t, 0)] = ∫ (1 - F_c) F_t

by Gauss–Legendre quadrature over where the beliefs have mass (Stucchio 2015, "Bayesian A/B Testing at VWO").
"""

from dataclasses import dataclass

import numpy as np
from scipy.special import betainc, betaln

from ..data.arrays import Float64
from ..metrics.ratio import Mean

NODES = 400
WIDE = 10.0  # standard deviations of each belief that are integrated over


@dataclass(frozen=True)
class Belief:
    """better: P(treatment > control); loss_*: the expected loss, in points, of choosing that arm for good."""

    better: float
    loss_control: float
    loss_treatment: float


def beta_binomial(control: Mean, treatment: Mean) -> Belief | None:
    """None where a figure is not strictly between 0 and 1, or its standard error is unknown."""
    counts = [_effective(arm) for arm in (control, treatment)]
    return None if None in counts else belief(*counts)  # type: ignore[arg-type]


def belief(control: tuple[float, float], treatment: tuple[float, float]) -> Belief:
    """(successes, failures) of each arm."""
    c, t = ((1.0 + good, 1.0 + bad) for good, bad in (control, treatment))
    x, dx = _nodes(c, t)
    f_t, F_t, F_c = _density(x, *t), betainc(*t, x), betainc(*c, x)
    better = float(dx @ (f_t * F_c))
    return Belief(min(better, 1.0), float(dx @ ((1 - F_t) * F_c)), float(dx @ ((1 - F_c) * F_t)))


def _effective(arm: Mean) -> tuple[float, float] | None:
    if not (0.0 < arm.value < 1.0) or not (0.0 < arm.se2 < np.inf):
        return None
    trials = arm.value * (1.0 - arm.value) / arm.se2
    return arm.value * trials, (1.0 - arm.value) * trials


def _nodes(c: tuple[float, float], t: tuple[float, float]) -> tuple[Float64, Float64]:
    """Where to evaluate, and the weights: in pieces, so that a narrow belief is not missed."""
    cuts = {0.0, 1.0}
    for a, b in (c, t):
        mean, sd = a / (a + b), np.sqrt(a * b / (a + b + 1)) / (a + b)
        cuts |= {float(np.clip(mean + k * sd, 0.0, 1.0)) for k in (-WIDE, -2.0, 0.0, 2.0, WIDE)}
    ends = np.array(sorted(cuts))
    points, weights = np.polynomial.legendre.leggauss(NODES // 8)
    half = np.diff(ends)[:, None] / 2  # (pieces, 1)
    x = ends[:-1, None] + half * (points + 1)  # (pieces, nodes)
    return x.ravel(), (half * weights).ravel()


def _density(x: Float64, a: float, b: float) -> Float64:
    return np.asarray(np.exp((a - 1) * np.log(x) + (b - 1) * np.log1p(-x) - betaln(a, b)))
