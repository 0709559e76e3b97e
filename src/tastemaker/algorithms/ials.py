"""iALS: matrix factorisation of all pairs, the unseen ones with a small weight, by alternating least squares.

    sum_{(u,i) liked} c_ui (1 - x_u . v_i)^2 + alpha0 sum_{u,i} (x_u . v_i)^2
        + sum_u l2 (n_u + alpha0 n_items)^nu |x_u|^2 + sum_i l2 (n_i + alpha0 n_users)^nu |v_i|^2

Hu et al. 2008, "Collaborative Filtering for Implicit Feedback Datasets"; regularization scaled by frequency as in
Rendle et al. 2022, "Revisiting the Performance of iALS on Item Recommendation Benchmarks", eq. 4-5. Cost an epoch, in
flops: O(n_events d steps) by conjugate gradient, O(sum_u min(n_u, d)^2 max(n_u, d)) exactly, and O((n_users +
n_items) d^2). Memory: two float32 (n, d) matrices and their turned copies.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from ..data.arrays import Csr, Float32
from ..data.dataset import Dataset
from ..data.features import Features
from ..errors import TrainingError
from ..kernels.als import als_half, eigen
from ..kernels.threads import one_blas_thread
from ..scorers import Factors, Scorer
from ..scorers.collaborative import NEAR
from ..watch import Watch
from .base import Algorithm
from .liked import liked


@dataclass(frozen=True)
class IALS(Algorithm):
    """alpha0: weight of every pair beside 1 for a like; counts: a like counts once (False) or 1 + log(count) times."""

    dim: int = 256
    epochs: int = 10
    alpha0: float = 0.01
    l2: float = 0.01
    nu: float = 1.0
    solver: Literal["cg", "exact"] = "cg"
    steps: int = 3  # of conjugate gradient
    counts: bool = False
    init: float = 0.1  # standard deviation of a random vector's length
    near: tuple[str, ...] = NEAR

    def fit(
        self,
        train: Dataset,
        features: Features,
        rng: np.random.Generator,
        watch: Watch,
        valid: Dataset | None = None,
        start: Scorer | None = None,
    ) -> Factors:
        if self.l2 <= 0:
            raise TrainingError(f"iALS needs an l2 above 0, or vectors have no one solution; it is {self.l2:g}.")
        if self.dim < 1 or (self.solver == "cg" and self.steps < 1):
            raise TrainingError(f"iALS: dim is {self.dim} and steps are {self.steps}; both must be at least 1.")
        matrix = liked(train, self.counts)
        if self.counts:
            matrix.data = 1.0 + np.log(np.maximum(matrix.data, 1.0))  # part of a play would else speak against the item
        with one_blas_thread():
            items = self._learned(matrix, rng, watch)
            turned = eigen(items, self.alpha0)
        items = turned.factors
        items[np.bincount(matrix.indices, minlength=len(items)) == 0] = 0.0
        bias = np.zeros(len(items), np.float32)
        found = Factors(self.near, items, turned.spectrum, bias, 0.0, self.l2, self.alpha0, self.nu, len(items), False)
        return found.with_items(features)

    def _learned(self, matrix: Csr, rng: np.random.Generator, watch: Watch) -> Float32:
        """Item vectors, float32 (n_items, dim)."""
        by_item = matrix.T.tocsr()
        by_item.sort_indices()
        users, items = (_drawn(n, self.dim, self.init, rng) for n in matrix.shape)
        l2_user, l2_item = self._l2(matrix), self._l2(by_item)
        steps = self.steps if self.solver == "cg" else 0
        for epoch in range(self.epochs):
            users = als_half(_ones(matrix), items, users, self.alpha0, l2_user, steps, matrix.data)
            items = als_half(_ones(by_item), users, items, self.alpha0, l2_item, steps, by_item.data)
            if not np.isfinite(items).all():
                raise TrainingError(f"iALS: the vectors degenerated in epoch {epoch + 1}. Raise l2 (now {self.l2:g}).")
            watch.progress(epoch + 1, self.epochs)
        return items

    def _l2(self, matrix: Csr) -> Float32:
        n = np.diff(matrix.indptr)
        return np.asarray(self.l2 * (n + self.alpha0 * matrix.shape[1]) ** self.nu, np.float32)


def _drawn(n: int, dim: int, length: float, rng: np.random.Generator) -> Float32:
    return np.asarray(rng.normal(0.0, length / np.sqrt(dim), (n, dim)), np.float32)


def _ones(matrix: Csr) -> Csr:
    """The same cells with the target 1."""
    return type(matrix)((np.ones_like(matrix.data), matrix.indices, matrix.indptr), shape=matrix.shape, copy=False)
