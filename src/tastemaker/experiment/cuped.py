"""CUPED: what a user did before the experiment explains part of what they do in it; take that part out.

Deng, Xu, Kohavi & Walker 2013, "Improving the Sensitivity of Online Controlled Experiments by Utilizing Pre-Experiment
Data": y - θ (x - mean(x)), θ = cov(y, x) / var(x) over both arms, leaves the difference unbiased and its variance
smaller by the factor 1 - corr². For a ratio, y and x are the linear parts of `metrics.ratio.linear` (Deng, Knoblich &
Lu 2018, section 4).

Everybody who was dealt counts, with or without outcomes: who acts may depend on the treatment, the past does not.
"""

from dataclasses import dataclass

import numpy as np

from ..data.arrays import Float64
from ..metrics.ratio import Mean, effective, linear


@dataclass(frozen=True)
class Sums:
    """Each user's sums, (users,): y over n during the experiment, before_y over before_n before it; n None = 1 each."""

    y: Float64
    n: Float64 | None
    before_y: Float64
    before_n: Float64 | None

    def __len__(self) -> int:
        return len(self.y)

    def and_(self, other: "Sums") -> "Sums":
        """The users of both."""
        pairs = ((getattr(self, name), getattr(other, name)) for name in ("y", "n", "before_y", "before_n"))
        return Sums(*(None if a is None else np.concatenate([a, b]) for a, b in pairs))  # type: ignore[arg-type]


@dataclass(frozen=True)
class Cuped:
    """control, treatment: the adjusted figures; saved: by what share the variance of the difference fell."""

    control: Mean
    treatment: Mean
    saved: float


def cuped(control: Sums, treatment: Sums) -> Cuped | None:
    """None where the past says nothing: nobody has one, or it does not vary."""
    both = control.and_(treatment)
    if min(len(control), len(treatment)) < 2 or not both.before_y.any() or _ratio(both.y, both.n) is None:
        return None
    z, x = linear(both.y, both.n), linear(both.before_y, both.before_n)
    if not (x @ x > 0):
        return None
    theta, middle = float(z @ x / (x @ x)), _ratio(both.before_y, both.before_n)
    adjusted = [_adjusted(arm, theta, middle) for arm in (control, treatment)]
    if None in adjusted:
        return None
    (c, c_plain), (t, t_plain) = adjusted  # type: ignore[misc]
    before = c_plain / c.n + t_plain / t.n
    return Cuped(c, t, 1.0 - (c.se2 + t.se2) / before if before > 0 else 0.0)


def _adjusted(arm: Sums, theta: float, middle: float | None) -> tuple[Mean, float] | None:
    """The arm's adjusted figure, and its variance a user as it was."""
    value, past = _ratio(arm.y, arm.n), _ratio(arm.before_y, arm.before_n)
    if value is None or past is None or middle is None:
        return None
    plain = linear(arm.y, arm.n)
    rest = plain - theta * linear(arm.before_y, arm.before_n)
    least = len(arm) - 1
    count = len(arm) if arm.n is None else effective(arm.n)
    figure = Mean(len(arm), value - theta * (past - middle), float(rest @ rest) / least, count)
    return figure, float(plain @ plain) / least


def _ratio(y: Float64, n: Float64 | None) -> float | None:
    below = 1.0 if n is None else float(n.mean())
    return float(y.mean()) / below if below else None
