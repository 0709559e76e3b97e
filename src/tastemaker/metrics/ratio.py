"""A figure over users and how sure it is: a mean, or a ratio of two sums (the delta method).

A ratio r = Σ y / Σ n (correct predictions per prediction) has the user, not the event, as its unit: the delta method
(Deng, Knoblich & Lu 2018, "Applying the Delta Method in Metric Analytics", section 2) replaces user i by z_i = (y_i - r
n_i) / mean(n), whose variance over √users is that of r. With n = 1 for everybody r is the mean and z_i is y_i - r.
"""

from dataclasses import dataclass

import numpy as np

from ..data.arrays import Float64


@dataclass(frozen=True)
class Mean:
    """n: users; variance: of one user's part z, so that the figure's own variance is variance / n.

    effective: how many users of equal weight they amount to, (Σ n_i)² / Σ n_i² (Kish 1965); at most n
    """

    n: int
    value: float
    variance: float
    effective: float = float("inf")

    @property
    def se2(self) -> float:
        """The figure's squared standard error; infinite with fewer than two users."""
        return self.variance / self.n if self.n > 1 else float("inf")


def mean_of(y: Float64, n: Float64 | None = None) -> Mean:
    """y, n: (users,) sums of each user; n None = 1 each. A NaN figure where nobody has any n."""
    users = len(y)
    below = 1.0 if n is None else float(n.mean()) if users else 0.0
    if users == 0 or below == 0.0:
        return Mean(users, float("nan"), float("inf"))
    value = float(y.mean()) / below
    z = linear(y, n)
    variance = float(z @ z) / (users - 1) if users > 1 else float("inf")
    return Mean(users, value, variance, users if n is None else effective(n))


def effective(n: Float64) -> float:
    return float(n.sum() ** 2 / (n @ n))


def linear(y: Float64, n: Float64 | None = None) -> Float64:
    """z: (users,), what each user adds to the ratio, mean 0; zeros where nobody has any n."""
    if n is None:
        return np.asarray(y - y.mean(), np.float64)
    below = float(n.mean())
    return np.asarray((y - y.mean() / below * n) / below, np.float64) if below else np.zeros(len(y))
