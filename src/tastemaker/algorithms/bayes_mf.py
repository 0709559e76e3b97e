"""Bayesian matrix factorisation of grades whose factors are expected from content.

    s_ui = mean + a_u + b_i + p_u . q_i + noise
    (a_u, p_u) ~ N(0, U)        (b_i, q_i) ~ N((1, f_i) B, V)        f_i: the item's features

Mean-field variational inference (Lim & Teh 2007, "Variational Bayesian Approach to Movie Rating Prediction"), items'
factors with a regression prior on their content (Agarwal & Chen 2009, "Regression-based Latent Factor Models"): one who
was graded twice leans on what is expected of their kind, and an item without grades is where its content puts it. B, U,
V and the noise are learned by maximising the same bound, so nothing is left to tune but the number of factors.
Cost an epoch: O(n_grades k^2 + n_users k^3 + n_items k^3), k = dim + 1; memory: float64 (n_users, k, k).
"""

from dataclasses import dataclass, field

import numpy as np

from ..data.arrays import Csr, Float32, Float64
from ..data.dataset import Dataset
from ..data.features import TASTES, Features
from ..errors import TrainingError
from ..scorers.bayes_factors import BayesFactors
from ..watch import Watch
from .foretelling import RatingModel
from .graded import graded

CONTENT = ("text", "lsa", TASTES, "numbers")
FIRM = 5.0  # users of unit covariance that the estimate of U starts from


@dataclass(frozen=True)
class BayesMF(RatingModel):
    """l2: ridge of the regression on features; drift, keep: of the whim (see scorers.bayes_factors)"""

    dim: int = 12
    epochs: int = 30
    l2: float = 3.0
    init: float = 0.1
    drift: float = 0.1
    keep: float = 0.95
    blocks: tuple[str, ...] = CONTENT

    def learned(self, train: Dataset, features: Features, rng: np.random.Generator, watch: Watch) -> BayesFactors:
        if self.l2 <= 0:
            raise TrainingError(f"BayesMF needs an l2 above 0, or weights have no one solution; it is {self.l2:g}.")
        grades = graded(train, "BayesMF")
        content = np.hstack([np.ones((len(features), 1)), features.matrix(self.blocks)])
        state = _State.drawn(grades, content, self, rng)
        for epoch in range(self.epochs):
            state.step(settle=epoch > 1)
            watch.progress(epoch + 1, self.epochs)
        return state.scorer(self)


@dataclass
class _State:
    """Posterior means and (co)variances of users and items, and what they were drawn from; sizes as in the kernels."""

    mean: float
    by_user: Csr
    by_item: Csr
    content: Float64  # (n_items, 1 + d)
    ridge: Float64  # (1 + d, n rated) maps factors of rated items to B
    rated: np.ndarray
    x: Float64
    cov: Float64
    w: Float64
    spread: Float64
    weights: Float64
    users: Float64  # precisions
    items: Float64
    noise: float
    lost: Float64 = field(default_factory=lambda: np.zeros(0))

    @classmethod
    def drawn(cls, grades: Csr, content: Float64, settings: BayesMF, rng: np.random.Generator) -> "_State":
        (n_users, n_items), k = grades.shape, settings.dim + 1
        by_item = grades.T.tocsr()
        by_item.sort_indices()
        rated = np.diff(by_item.indptr) > 0
        penalty = np.full(content.shape[1], settings.l2)
        penalty[0] = 1e-2
        mine = content[rated]
        ridge = np.linalg.solve(mine.T @ mine + np.diag(penalty), mine.T)
        mean, variance = float(grades.data.mean()), float(grades.data.var()) + 1e-6
        w = np.hstack([np.zeros((n_items, 1)), rng.normal(0.0, settings.init, (n_items, settings.dim))])
        scale = np.r_[0.2 * variance, np.full(settings.dim, 0.05)]
        return cls(
            mean, grades, by_item, content, ridge, rated, np.zeros((n_users, k)), np.zeros((n_users, k, k)), w,
            np.zeros((n_items, k)), np.zeros((content.shape[1], k)),
            np.diag(np.r_[1.0 / (0.2 * variance), np.full(settings.dim, 1.0 / variance)]), np.diag(1.0 / scale),
            0.7 * variance,
        )  # fmt: skip

    def step(self, settle: bool) -> None:
        """Users, then items, then, with `settle`, what they were drawn from."""
        from ..kernels.variational import item_half, user_half

        k, rest = self.x.shape[1], self.by_user.data - self.mean - self.w[self.by_user.indices, 0]
        z, sure = np.hstack([np.ones((len(self.w), 1)), self.w[:, 1:]]), self.spread.copy()
        sure[:, 0] = 0.0
        user_half(self.by_user.indptr, self.by_user.indices, rest, z, sure, self.users, self.noise, self.x, self.cov)
        some = np.diff(self.by_user.indptr) > 0
        if settle:
            moment = self.x[some].T @ self.x[some] + self.cov[some].sum(axis=0) + FIRM * np.eye(k)
            self.users = np.linalg.inv(moment / (some.sum() + FIRM))
        prior, self.lost = self.content @ self.weights, np.zeros(len(self.w))
        item_half(
            self.by_item.indptr, self.by_item.indices, self.by_item.data - self.mean, self.x, self.cov, prior,
            self.items, self.noise, self.w, self.spread, self.lost,
        )  # fmt: skip
        if settle:
            self.weights = self.ridge @ self.w[self.rated]
            error = (self.w - self.content @ self.weights)[self.rated]
            firm = np.linalg.inv(self.items) * 1e-3
            moment = error.T @ error + np.diag(self.spread[self.rated].sum(axis=0))
            self.items = np.linalg.inv(moment / len(error) + firm)
        self.noise = max(float(self.lost.sum()) / len(self.by_user.data), 1e-4)

    def scorer(self, settings: BayesMF) -> BayesFactors:
        w, spread = self.w.copy(), self.spread.copy()
        unsure = np.diag(np.linalg.inv(self.items))
        w[~self.rated], spread[~self.rated] = (self.content @ self.weights)[~self.rated], unsure
        bias = _single(w[:, 0])
        w[:, 0], spread[:, 0] = 1.0, 0.0
        return BayesFactors(
            _single(w), _single(spread), bias, self.mean, self.users, self.noise, settings.drift, settings.keep,
            settings.blocks, _single(self.weights), _single(unsure),
        )  # fmt: skip


def _single(array: Float64) -> Float32:
    return np.ascontiguousarray(array, np.float32)
