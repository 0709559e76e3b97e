"""Matrix factorisation that knows how sure it is: a user is the posterior mean of a Gaussian, given the query's grades.

    score(u, i) = mean + b_i + z_i . x_u,  z_i = (1, v_i)
    y_e = s_e - mean - b_e = z_e . x_u + m_t + noise,  x_u ~ N(0, prior^-1)

m is the user's whim: it drifts from one moment to the next (an Ornstein–Uhlenbeck process in order of grading) where
the query says when its grades were given. A stranger with one grade and a user of years are the same computation; items
without grades have the b and v that their content lets expect. Linear in the grades: each one's part is exact.
Cost a query: O(h k^2) for h grades and k - 1 factors, and O(n k) for the scores.
"""

from dataclasses import dataclass, replace
from typing import NamedTuple, Self

import numpy as np

from ..data.arrays import Float32, Float64, Int32, Int64
from ..data.features import Features
from ..data.query import Batch
from .base import Contributions, Part, Scorer
from .low_rank import dots_at


class History(NamedTuple):
    """Grades of queries, each row in order of time: y float64 (nnz,), less the mean and the item's bias."""

    starts: Int64
    items: Int32
    y: Float64
    moments: Int64


@dataclass(frozen=True)
class BayesFactors(Scorer):
    """
    items, spread: float32 (n_items, k), means and variances of z; the first column is 1, its variance 0
    bias:   float32 (n_items,);  mean: of all grades
    prior:  float64 (k, k), precision of a user;  noise: variance of a grade
    drift:  share of the noise that is whim; keep: share of the whim that is left at the next moment
    blocks: of features, whose numbers f let expect (b, v) = (1, f) @ weights, weights float32 (1 + d, k)
    unsure: float32 (k,), variances of (b, v) around that
    """

    items: Float32
    spread: Float32
    bias: Float32
    mean: float
    prior: Float64
    noise: float
    drift: float
    keep: float
    blocks: tuple[str, ...]
    weights: Float32
    unsure: Float32

    @property
    def n_items(self) -> int:
        return len(self.items)

    def score_all(self, batch: Batch) -> Float32:
        return (self.vectors(batch) @ self.items.T + (self.mean + self.bias)).astype(np.float32)

    def score_rows(self, batch: Batch, rows: Int32) -> Float32:
        return (dots_at(self.vectors(batch), self.items, rows) + (self.mean + self.bias[rows])).astype(np.float32)

    def contributions(self, batch: Batch, items: Int32) -> list[Contributions]:
        found, history = [], self.history(batch)
        for q in range(len(batch)):
            mine = slice(history.starts[q], history.starts[q + 1])
            rated = history.items[mine]
            moved = self.items[items[q]] @ self._effects(rated, history.moments[mine])  # (n, h)
            base = self.mean + self.bias[items[q]]
            parts = (Part("base"), *(Part("item", int(i)) for i in rated))
            values = np.column_stack([base, moved * history.y[mine]])
            found.append(Contributions(parts, values.astype(np.float32)))
        return found

    def with_items(self, features: Features) -> Self:
        n = len(features) - self.n_items
        if features.matrix(self.blocks).shape[1] != len(self.weights) - 1:
            raise ValueError(f"the blocks {', '.join(self.blocks)} have other columns than were learned from")
        if n == 0:
            return self
        new = expected(features, self.blocks, self.weights)[self.n_items :]
        ones, bias = np.ones((n, 1), np.float32), new[:, 0]
        unsure = np.tile(np.r_[np.float32(0.0), self.unsure[1:]], (n, 1))
        return replace(
            self,
            items=np.vstack([self.items, np.hstack([ones, new[:, 1:]])]),
            spread=np.vstack([self.spread, unsure]),
            bias=np.concatenate([self.bias, bias]),
        )

    def vectors(self, batch: Batch) -> Float32:
        """The users' side, float32 (q, k)."""
        from ..kernels.variational import fold

        h, x = self.history(batch), np.zeros((len(batch), self.items.shape[1]))
        fold(
            h.starts, h.items, h.y, h.moments, self.items, self.spread, self.prior, self.noise, self.drift, self.keep, x
        )
        return x.astype(np.float32)

    def history(self, batch: Batch) -> History:
        evidence, moments = batch.evidence(), batch.moments()
        row = np.repeat(np.arange(len(batch)), np.diff(evidence.indptr))
        order = np.lexsort((moments, row))
        items = evidence.indices[order].astype(np.int32)
        y = evidence.data[order].astype(np.float64) - self.mean - self.bias[items]
        return History(evidence.indptr.astype(np.int64), items, y, moments[order])

    def _effects(self, rated: Int32, moments: Int64) -> Float64:
        """What a unit of each y adds to x, float64 (k, h): `kernels.variational.fold`, for unit vectors."""
        z, h, whim = self.items[rated].astype(np.float64), len(rated), self.drift * self.noise
        rows, of_y, normal, var = np.empty_like(z), np.zeros((h, h)), self.prior.copy(), whim
        state_z, state_y, s = np.zeros(z.shape[1]), np.zeros(h), np.empty(h)
        for e in range(h):
            if e > 0 and moments[e] != moments[e - 1]:
                state_z, state_y = self.keep * state_z, self.keep * state_y
                var = self.keep**2 * var + (1.0 - self.keep**2) * whim
            s[e] = var + self.noise - whim
            rows[e], of_y[e] = z[e] - state_z, -state_y
            of_y[e, e] += 1.0
            gain = var / s[e]
            state_z, state_y, var = state_z + gain * rows[e], state_y + gain * of_y[e], (1.0 - gain) * var
        normal += (rows / s[:, None]).T @ rows + np.diag((self.spread[rated] / s[:, None]).sum(axis=0))
        found = np.linalg.solve(normal, (rows / s[:, None]).T @ of_y)
        found[0] += self.keep * (state_y - state_z @ found)
        return np.asarray(found)


def expected(features: Features, blocks: tuple[str, ...], weights: Float32) -> Float32:
    """(b, v) that the content of each item lets expect, float32 (n_items, k)."""
    return np.asarray(weights[0] + features.matrix(blocks) @ weights[1:], np.float32)
