"""What a score means: least squares for the expected preference, Platt scaling for the chance of a like."""

import numpy as np
from scipy.optimize import minimize
from scipy.special import expit

from ..data.arrays import Bool, Float64
from ..data.dataset import Dataset
from ..data.query import Batch
from ..scorers import Calibrated, Scorer
from .graded import threshold
from .views import Lists, draw_view, lists_of


def calibrate(scorer: Scorer, data: Dataset, rng: np.random.Generator) -> Calibrated:
    """`scorer` with predictions fitted on `data`, users whom it did not learn from, seen as a served user would be.

    What the scale calls a like is one. Platt 1999, eq. 1, with the smoothed targets of its section 2.2.
    """
    lists = lists_of(data)
    score, signed = _seen(scorer, lists, rng)
    if len(score) < 2 or float(score.std()) == 0.0:
        return Calibrated(scorer, 0.0, float(signed.mean()) if len(signed) else 0.0, 0.0, 0.0)
    slope, intercept = np.polyfit(score, signed, 1)
    a, b = _platt(score, signed > threshold(data))
    return Calibrated(scorer, float(slope), float(intercept), a, b)


def _seen(scorer: Scorer, lists: Lists, rng: np.random.Generator) -> tuple[Float64, Float64]:
    if len(lists) == 0:
        return np.zeros(0), np.zeros(0)
    view = draw_view(lists, rng)
    batch = Batch(view.history * 0, view.history, np.full(len(lists), -1, np.int32), view.profile)
    scores = scorer.score(batch, np.where(view.target, lists.items, -1).astype(np.int32))
    known = ~np.isnan(scores)
    return scores[known].astype(np.float64), lists.signed[known].astype(np.float64)


def _platt(score: Float64, liked: Bool) -> tuple[float, float]:
    """(a, b) of like = sigmoid(a · score + b) by maximum likelihood."""
    center, spread = score.mean(), score.std()
    b, a = logistic(((score - center) / spread)[:, None], liked)
    return float(a / spread), float(b - a * center / spread)


def logistic(x: Float64, liked: Bool, prior: Float64 | None = None, firm: Float64 | float = 0.1) -> Float64:
    """c (1 + columns,) of like = sigmoid(c_0 + x c) by maximum likelihood, x (n, columns).

    prior: what c was before anything was seen, each with a variance of 1 / firm; None = anything is as likely
    """
    n_liked, n_not = int(liked.sum()), int((~liked).sum())
    target = np.where(liked, (n_liked + 1) / (n_liked + 2), 1 / (n_not + 2))
    rows = np.column_stack([np.ones(len(x)), x])
    begun = np.zeros(rows.shape[1]) if prior is None else prior
    firm, n = 0.0 if prior is None else firm, max(len(x), 1)

    def cost(c: Float64) -> tuple[float, Float64]:
        z, far = rows @ c, c - begun
        slope = (expit(z) - target) @ rows
        return float((np.logaddexp(0.0, z) - target * z).sum() + (firm * far) @ far / 2) / n, (slope + firm * far) / n

    return np.asarray(minimize(cost, begun, jac=True, method="BFGS").x)
