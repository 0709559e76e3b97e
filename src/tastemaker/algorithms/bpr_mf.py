"""BPR-MF: user and item vectors learned from pairs of an item that was chosen and one that was not.

Rendle et al. 2009, "BPR: Bayesian Personalized Ranking from Implicit Feedback", eq. 4-5: the mean of -log sigmoid(x_u
. (v_i - v_j)) over events (u, i) and items j that u did not choose, by stochastic gradient descent with weight decay
(kernels.bpr_mf).

The paper's users are rows of a table, so it has no answer for a stranger. We keep the item vectors and learn the linear
map M from histories to the user vectors, min_M sum_u |x_u - n_u^-1/2 (sum_i v_i) M|^2 + ridge: a user's items enter
with a_i = v_i M. Order depends on the direction of x_u alone, so n_u needs no place in the answer.
Cost an epoch: O(n_events d); memory: two float32 (n, d) matrices.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from ..data.arrays import Csr, Float32
from ..data.dataset import Dataset
from ..data.features import Features
from ..errors import TrainingError
from ..kernels.bpr_mf import Matrix, Step, blocks_of, bpr_phase, deal, workers
from ..kernels.lanes import LANES, aligned_zeros
from ..kernels.threads import one_blas_thread
from ..scorers import LowRank, Scorer
from ..scorers.collaborative import NEAR
from ..watch import Watch
from .base import Algorithm
from .liked import liked


@dataclass(frozen=True)
class BPRMF(Algorithm):
    """negatives: what an item not chosen is drawn from: all items, or all events; learning_rate: falls linearly to
    0."""

    dim: int = 128
    epochs: int = 200
    learning_rate: float = 0.2
    l2: float = 0.003
    negatives: Literal["uniform", "popularity"] = "uniform"
    init: float = 0.1  # standard deviation of a random vector's length
    ridge: float = 0.01  # of the map from histories, as a share of the mean variance of a coordinate
    near: tuple[str, ...] = NEAR

    def fit(
        self,
        train: Dataset,
        features: Features,
        rng: np.random.Generator,
        watch: Watch,
        valid: Dataset | None = None,
        start: Scorer | None = None,
    ) -> LowRank:
        matrix = liked(train)
        with one_blas_thread():
            users, items = self._learned(matrix, rng, watch)
            items[np.bincount(matrix.indices, minlength=len(items)) == 0] = 0.0
            inputs = items @ history_map(matrix, users, items, self.ridge)
        return LowRank(self.near, inputs, items).with_items(features)

    def _learned(self, matrix: Csr, rng: np.random.Generator, watch: Watch) -> tuple[Float32, Float32]:
        """User vectors (n_users, dim) and item vectors (n_items, dim)."""
        users, items = (self._drawn(n, rng) for n in matrix.shape)
        events = Matrix(matrix.indptr.astype(np.int64), matrix.indices.astype(np.int32))
        counts = np.bincount(events.items, minlength=len(items))
        by_count = np.argsort(-counts, kind="stable").astype(np.int32)
        drawn = events.items if self.negatives == "popularity" else np.arange(len(items), dtype=np.int32)
        n = workers()
        blocks = blocks_of(events.starts, n)
        for epoch in range(self.epochs):
            hands, sums = deal(by_count, drawn, n, rng), np.zeros((n, 4))
            step = Step(self.learning_rate * (1.0 - epoch / self.epochs), self.l2, self.l2)
            for p in range(n):
                keys = rng.integers(1, 1 << 63, n, np.uint64)
                bpr_phase(p, events, hands, blocks, users, items, step, keys, sums, (0, 1))
            self._report(epoch, sums, watch)
        return tuple(np.ascontiguousarray(vectors[:, : self.dim]) for vectors in (users, items))  # type: ignore[return-value]

    def _drawn(self, n: int, rng: np.random.Generator) -> Float32:
        found = aligned_zeros(n, -(-self.dim // LANES) * LANES)
        found[:, : self.dim] = rng.normal(0.0, self.init / np.sqrt(self.dim), (n, self.dim))
        return found

    def _report(self, epoch: int, sums: np.ndarray, watch: Watch) -> None:
        loss, measured, wrong, triples = sums.sum(axis=0)
        mean = loss / max(measured, 1.0)
        if not np.isfinite(mean):
            raise TrainingError(
                f"BPR-MF: the loss degenerated in epoch {epoch + 1}. Nothing was saved. "
                f"Lower learning_rate (now {self.learning_rate:g})."
            )
        watch.progress(epoch + 1, self.epochs, loss=mean, wrong=wrong / max(triples, 1.0))


def history_map(matrix: Csr, users: Float32, items: Float32, ridge: float) -> Float32:
    """M of the module's docstring, float32 (d, d), by ridge regression."""
    n = np.diff(matrix.indptr)
    told = (matrix @ items) / np.sqrt(np.maximum(n, 1))[:, None]  # (n_users, d)
    gram = (told.T @ told).astype(np.float64)
    gram += (ridge * np.trace(gram) / len(gram) + 1e-9) * np.eye(len(gram))
    return np.asarray(np.linalg.solve(gram, (told.T @ users).astype(np.float64)), np.float32)
