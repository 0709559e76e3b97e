"""How good predictions of outcomes were: each outcome's losses, and how well chances agree with what happened."""

from collections.abc import Mapping

import numpy as np

from ..data.arrays import Bool, Float32, Float64
from .bootstrap import Interval, root_of_sums, sums

UNSURE = 1e-6  # chances are kept so far from 0 and 1 before a logarithm is taken


def outcome_losses(value: Float32, chance: Float32, actual: Float32, liked: Bool) -> dict[str, Float64]:
    """For each outcome, float64 (n,): squared error and absolute error in preference, log loss in nats, Brier score,
    and whether the predicted like was the actual one (accuracy, the only one of which more is better).

    value, actual: preference in [-1, 1]; chance: of a like. What could not be foretold (NaN) counts as value 0, chance
    1/2, and as wrong.
    """
    said = ~np.isnan(chance)
    p = np.where(said, chance, 0.5).astype(np.float64)
    error = np.nan_to_num(np.asarray(value, np.float64)) - actual
    sure = np.clip(p, UNSURE, 1.0 - UNSURE)
    return {
        "accuracy": (((p >= 0.5) == liked) & said).astype(np.float64),
        "squared error": error**2,
        "absolute error": np.abs(error),
        "log loss": -np.where(liked, np.log(sure), np.log1p(-sure)),
        "brier": (p - liked) ** 2,
    }


def calibration_curve(chance: Float32, liked: Bool, bins: int = 10) -> Float64:
    """(bins that hold something, 3): mean chance, share liked, and how many; equally wide bins of chance."""
    said = ~np.isnan(chance)
    p, y = np.asarray(chance, np.float64)[said], np.asarray(liked, np.float64)[said]
    at = np.minimum((p * bins).astype(np.int64), bins - 1)
    n = np.bincount(at, minlength=bins).astype(np.float64)
    some = n > 0
    means = [np.bincount(at, weights=column, minlength=bins)[some] / n[some] for column in (p, y)]
    return np.column_stack([*means, n[some]])


def calibration_error(chance: Float32, liked: Bool, bins: int = 10) -> float:
    """Expected calibration error: the mean |chance - share liked| over bins, weighted by how many each holds.

    Naeini et al. 2015, "Obtaining Well Calibrated Probabilities Using Bayesian Binning", eq. 3.
    """
    curve = calibration_curve(chance, liked, bins)
    if not len(curve):
        return float("nan")
    return float(np.average(np.abs(curve[:, 0] - curve[:, 1]), weights=curve[:, 2]))


def by_user(losses: Mapping[str, Float64], user: np.ndarray) -> tuple[dict[str, Float64], Float64]:
    """Sums of each loss over the outcomes of a user, and how many outcomes, float64 (n users with outcomes,) each."""
    _, at = np.unique(user, return_inverse=True)
    total = {name: np.asarray(np.bincount(at, weights=loss), np.float64) for name, loss in losses.items()}
    return total, np.bincount(at).astype(np.float64)


def mean_loss(loss: Float64, user: np.ndarray, rng: np.random.Generator, minus: Float64 | None = None) -> Interval:
    """The mean over outcomes, with an interval from resampled users, since outcomes of one user resemble each other.

    minus: another model's losses on the same outcomes: the interval of the difference, loss - minus.
    """
    total, n = by_user({"loss": loss if minus is None else loss - minus}, user)
    return sums(total["loss"], n, rng)


def rmse(squared: Float64, user: np.ndarray, rng: np.random.Generator, minus: Float64 | None = None) -> Interval:
    """Root of the mean squared error with its interval; minus: the difference of two roots, users resampled alike."""
    losses = {"a": squared} if minus is None else {"a": squared, "b": minus}
    total, n = by_user(losses, user)
    return root_of_sums(total["a"], total.get("b"), n, rng)
