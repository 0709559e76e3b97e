"""A graph filter: two steps over the event graph, with degrees damped at every stop, and its smooth low-rank part.

    score = s_u (D_i^-in R' D_u^-through R D_i^-out + w D_i^-in V V' D_i^-out),    V (n_items, dim)

V holds the leading right singular vectors of D_u^-1/2 R D_i^-1/2, an ideal low-pass filter of the item graph. Shen et
al. 2021, "How Powerful is Graph Convolution for Recommendation?" (GF-CF, eq. 10) has through = 1, in = out = 1/2 in
the first term, and D_i^-1/2 V V' D_i^1/2 as the second; free exponents as in Fu et al. 2022, "Revisiting
Neighborhood-based Link Prediction for Collaborative Filtering" (LinkProp). Nothing is trained, only counted.
Cost: O(n_events), and O(n_events dim + n_items dim^2) for V; memory: the events twice, and n_items x dim for V.
"""

from dataclasses import dataclass

import numpy as np

from ..data.arrays import Csr, Float32
from ..data.dataset import Dataset
from ..data.features import Features
from ..kernels.spread import sparse_times_dense, spread
from ..kernels.threads import one_blas_thread
from ..scorers import EventGraph, LowRank, Scorer, WeightedSum
from ..scorers.collaborative import NEAR
from ..watch import Watch
from .base import Algorithm
from .liked import liked

SAMPLE = 400  # histories on which the two terms are brought to one scale
NOISE = 1e-5  # share of the largest squared singular value below which a vector is only rounding
OVER = 16  # vectors more than asked for: they catch what is near the last ones


@dataclass(frozen=True)
class GraphFilter(Algorithm):
    """into, through, out: powers of the degrees; smooth: weight of the low-rank term, 0 = without, its rank is dim."""

    into: float = 0.7
    through: float = 0.75
    out: float = 0.3
    smooth: float = 0.0
    dim: int = 256
    near: tuple[str, ...] = NEAR

    def fit(
        self,
        train: Dataset,
        features: Features,
        rng: np.random.Generator,
        watch: Watch,
        valid: Dataset | None = None,
        start: Scorer | None = None,
    ) -> EventGraph | WeightedSum:
        matrix = liked(train)
        users, items = np.diff(matrix.indptr), np.bincount(matrix.indices, minlength=matrix.shape[1])
        into, out = _damped(items, self.into), _damped(items, self.out)
        there = _scaled(matrix.T.tocsr(), into, _damped(users, self.through))
        back = _scaled(matrix, np.ones(len(users), np.float32), out)
        watch.progress(1, 1 + (self.smooth > 0))
        graph = EventGraph.of(there, back, self.near)
        if self.smooth <= 0:
            return graph.with_items(features)
        with one_blas_thread():
            vectors = leading_vectors(_scaled(matrix, _damped(users, 0.5), _damped(items, 0.5)), self.dim, rng)
        smooth = LowRank(self.near, vectors * into[:, None], vectors * out[:, None])
        likers = np.flatnonzero(users)
        step = min(8, max(1, len(likers) // SAMPLE))
        weight = self.smooth * _ratio(matrix[likers[: SAMPLE * step : step]], graph, smooth)
        watch.progress(2, 2)
        return WeightedSum((graph, smooth), (1.0, weight)).with_items(features)


def leading_vectors(matrix: Csr, dim: int, rng: np.random.Generator, rounds: int = 4) -> Float32:
    """Leading right singular vectors, float32 (n, dim), by subspace iteration; zeros beyond the rank of the matrix.

    Halko et al. 2011, "Finding Structure with Randomness", alg. 4.4 with `rounds` powers and OVER vectors more than
    asked for.
    """
    width = min(dim + OVER, *matrix.shape)
    basis = np.asarray(rng.normal(size=(matrix.shape[1], width)), np.float32)
    turned = matrix.T.tocsr()
    for _ in range(rounds):
        basis, _ = np.linalg.qr(sparse_times_dense(turned, sparse_times_dense(matrix, basis)))
    image = sparse_times_dense(matrix, basis)
    energy, inner = np.linalg.eigh((image.T @ image).astype(np.float64))
    inner[:, energy < NOISE * energy[-1]] = 0.0
    return np.asarray(basis @ inner[:, ::-1][:, :dim], np.float32)


def _damped(degrees: np.ndarray, power: float) -> Float32:
    """degree^-power, 0 for a degree of 0."""
    return np.asarray(np.where(degrees > 0, np.maximum(degrees, 1.0) ** -power, 0.0), np.float32)


def _scaled(matrix: Csr, rows: Float32, columns: Float32) -> Csr:
    """diag(rows) matrix diag(columns)."""
    data = matrix.data * np.repeat(rows, np.diff(matrix.indptr)) * columns[matrix.indices]
    return type(matrix)((data.astype(np.float32), matrix.indices, matrix.indptr), shape=matrix.shape)


def _ratio(histories: Csr, graph: EventGraph, smooth: LowRank) -> float:
    """How much larger the graph's scores are than the smooth ones, by root mean square where the graph says
    something."""
    first = spread(histories, (graph.there, graph.back))
    second = (histories @ smooth.inputs) @ smooth.outputs.T
    said = first != 0.0
    return float(np.sqrt(np.square(first[said]).mean() / np.square(second[said]).mean()))
