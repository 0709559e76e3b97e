"""Content alone: what people make of items like this one, and what this user makes of them.

    s_ui = mean + (1, f_i) B + x_u . (1, g_i) + noise,    x_u ~ N(0, diag(U))

f: the item's features; g: their first principal components. B by ridge regression; U and the noise by expectation
maximisation (Dempster et al. 1977). Nothing is known of an item but its content, so those without grades fare as well
as any.
Cost: O(epochs n_grades k^2), k = dim + 1.
"""

from dataclasses import dataclass

import numpy as np

from ..data.arrays import Float32, Float64
from ..data.dataset import Dataset
from ..data.features import Features
from ..scorers.bayes_factors import BayesFactors
from ..watch import Watch
from .bayes_mf import CONTENT
from .foretelling import RatingModel
from .graded import graded


@dataclass(frozen=True)
class RatingContent(RatingModel):
    dim: int = 30
    epochs: int = 8
    l2: float = 10.0
    drift: float = 0.1
    keep: float = 0.95
    blocks: tuple[str, ...] = CONTENT

    def learned(self, train: Dataset, features: Features, rng: np.random.Generator, watch: Watch) -> BayesFactors:
        from ..kernels.variational import user_half

        grades = graded(train, "RatingContent")
        content = features.matrix(self.blocks)
        turn = _principal(content, self.dim)
        z = np.hstack([np.ones((len(content), 1)), content @ turn[1:] + turn[0]])
        k, mean, variance = z.shape[1], float(grades.data.mean()), float(grades.data.var()) + 1e-6
        b = np.hstack([np.ones((len(content), 1)), content])
        seen = b[grades.indices]
        w = np.linalg.solve(seen.T @ seen + self.l2 * np.eye(b.shape[1]), seen.T @ (grades.data - mean))
        rest = grades.data - mean - (b @ w)[grades.indices]
        x, cov = np.zeros((grades.shape[0], k)), np.zeros((grades.shape[0], k, k))
        prior, noise, some = np.eye(k) / variance, variance, np.diff(grades.indptr) > 0
        user = np.repeat(np.arange(len(x)), np.diff(grades.indptr))
        for epoch in range(self.epochs):
            user_half(grades.indptr, grades.indices, rest, z, 0 * z, prior, noise, x, cov)
            before = np.diag(prior)
            prior = np.diag(1.0 / np.maximum((x**2 + np.einsum("uff->uf", cov))[some].mean(axis=0), 1e-6))
            error = rest - np.einsum("ef,ef->e", x[user], z[grades.indices])
            unsure = noise * (k - np.einsum("uff,f->u", cov, before)).sum()  # of all grades: the trace of z cov z'
            noise = max(float(error @ error + unsure) / len(rest), 1e-4)
            watch.progress(epoch + 1, self.epochs)
        weights = np.column_stack([w, turn])
        items = z.astype(np.float32)
        return BayesFactors(
            items, 0 * items, (b @ w).astype(np.float32), mean, prior, noise, self.drift, self.keep, self.blocks,
            weights.astype(np.float32), np.zeros(k, np.float32),
        )  # fmt: skip


def _principal(content: Float32, dim: int) -> Float64:
    """(1 + d, k) of z = (1, f) @ turn: principal components, the first of unit variance, the others in proportion."""
    center = content.mean(axis=0, dtype=np.float64)
    values, turn = np.linalg.eigh(np.cov(content.T, ddof=0).reshape(len(center), len(center)))
    kept = np.argsort(-values)[: min(dim, len(center))]
    kept = kept[values[kept] > 1e-9 * max(values.max(initial=0.0), 1e-30)]
    turn = turn[:, kept] / np.sqrt(values[kept].max(initial=1e-30))
    return np.asarray(np.vstack([-center @ turn, turn]))
