"""Biased matrix factorisation of grades, by alternating least squares.

    sum_{(u,i) graded} (r_ui - mean - b_u - b_i - x_u . v_i)^2
        + l2 sum_u (n_u + damping)^nu (|x_u|^2 + b_u^2) + l2 sum_i (n_i + damping)^nu (|v_i|^2 + b_i^2)

Koren et al. 2009, "Matrix Factorization Techniques for Recommender Systems", eq. 5, with regularization weighted by
the number of grades (Zhou et al. 2008, "Large-scale Parallel Collaborative Filtering for the Netflix Prize"). A bias
is a factor whose other
side is 1: the same ridge regression learns it, and a stranger's bias and vector come from the grades of the query
alone.
Cost an epoch: O(n_grades d^2) flops or less (kernels.als); memory: two float32 (n, d + 1) matrices.
"""

from dataclasses import dataclass

import numpy as np

from ..data.arrays import Csr, Float32
from ..data.dataset import Dataset
from ..data.features import Features
from ..errors import TrainingError
from ..kernels.als import als_half
from ..kernels.threads import one_blas_thread
from ..scorers import Factors, Scorer
from ..scorers.collaborative import NEAR
from ..watch import Watch
from .base import Algorithm
from .graded import graded


@dataclass(frozen=True)
class BiasedMF(Algorithm):
    """l2: per grade; damping: grades of the mean that every item and user starts with."""

    dim: int = 20
    epochs: int = 15
    l2: float = 0.05
    damping: float = 5.0
    nu: float = 1.0
    init: float = 0.1
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
            raise TrainingError(f"BiasedMF needs an l2 above 0, or vectors have no one solution; it is {self.l2:g}.")
        grades = graded(train, "BiasedMF")
        mean = float(grades.data.mean())
        with one_blas_thread():
            items, bias = self._learned(grades, mean, rng, watch)
        rated = np.bincount(grades.indices, minlength=len(items)) > 0
        items[~rated, :-1], bias[~rated] = 0.0, 0.0  # the last coordinate, the user's bias, counts for every item
        nothing = np.zeros(items.shape[1], np.float32)
        found = Factors(self.near, items, nothing, bias, mean, self.l2, self.damping, self.nu, 1, True)
        return found.with_items(features)

    def _learned(self, grades: Csr, mean: float, rng: np.random.Generator, watch: Watch) -> tuple[Float32, Float32]:
        """Item vectors with a last coordinate of 1, float32 (n_items, dim + 1), and item biases (n_items,)."""
        by_item = grades.T.tocsr()
        by_item.sort_indices()
        users, items = (self._drawn(n, rng) for n in grades.shape)
        bias = np.zeros(len(items), np.float32)
        for epoch in range(self.epochs):
            users, user_bias = self._half(grades, items, bias, mean)
            items, bias = self._half(by_item, users, user_bias, mean)
            if not np.isfinite(items).all():
                raise TrainingError(
                    f"BiasedMF: the vectors degenerated in epoch {epoch + 1}. Raise l2 (now {self.l2:g})."
                )
            watch.progress(epoch + 1, self.epochs)
        return items, bias

    def _half(self, grades: Csr, others: Float32, bias: Float32, mean: float) -> tuple[Float32, Float32]:
        """Vectors with a last coordinate of 1, and biases, of the rows of `grades`, given those of its columns."""
        rest = type(grades)(
            (grades.data - mean - bias[grades.indices], grades.indices, grades.indptr), shape=grades.shape
        )
        l2 = self.l2 * (np.diff(grades.indptr) + self.damping) ** self.nu
        found = als_half(rest, others, others[:0], 0.0, np.asarray(l2, np.float32))
        own = found[:, -1].copy()
        found[:, -1] = 1.0
        return found, own

    def _drawn(self, n: int, rng: np.random.Generator) -> Float32:
        found = rng.normal(0.0, self.init / np.sqrt(max(self.dim, 1)), (n, self.dim + 1))
        found[:, -1] = 1.0
        return np.asarray(found, np.float32)
