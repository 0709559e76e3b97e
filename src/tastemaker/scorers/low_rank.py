"""Item to item weights of low rank: a history is the sum of its items' input vectors, an item is its output vector."""

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Self

import numpy as np

from ..data.arrays import Bool, Csr, Float32, Int32
from ..data.query import Batch
from .base import BLOCK
from .collaborative import Linear
from .sought import Sought


@dataclass(frozen=True)
class LowRank(Linear):
    """score(u, i) = (sum_j s_uj a_j) . v_i;  inputs a, outputs v: float32 (n_items, d), rows of zeros = not known."""

    inputs: Float32
    outputs: Float32

    @property
    def n_items(self) -> int:
        return len(self.outputs)

    def score_all(self, batch: Batch) -> Float32:
        left = self._left(batch)
        return self._said(left @ self.outputs.T, left, self._answered)

    def score_rows(self, batch: Batch, rows: Int32) -> Float32:
        left = self._left(batch)
        return self._said(dots_at(left, self.outputs, rows), left, self._answered[rows])

    def effects(self, history: Int32, items: Int32) -> Float32:
        return np.asarray(self.inputs[history] @ self.outputs[items].T, np.float32)

    def top(
        self, batch: Batch, n: int, exclude: Csr | None = None, allowed: Bool | None = None
    ) -> tuple[Int32, Float32]:
        return self._sought.top(self._left(batch), n, exclude, allowed)

    def known(self) -> Bool:
        return np.asarray(self.inputs.any(axis=1) | self._answered)

    @cached_property
    def _answered(self) -> Bool:  # once a model: it reads every vector, as long as a query takes
        """bool (n_items,): which items have an output vector."""
        return np.asarray(self.outputs.any(axis=1))

    @cached_property
    def _sought(self) -> Sought:
        return Sought(self.outputs, self._answered)

    def lent(self, shares: Csr) -> Self:
        return replace(self, inputs=shares @ self.inputs, outputs=shares @ self.outputs)

    def _left(self, batch: Batch) -> Float32:
        return np.asarray(batch.evidence() @ self.inputs, np.float32)

    @staticmethod
    def _said(scores: Float32, left: Float32, known: Bool) -> Float32:
        """NaN where the history or the item is a vector of zeros: as in `Sought.top`."""
        said = left.any(axis=1, keepdims=True) & known
        return np.where(said, scores, np.float32(np.nan)).astype(np.float32)


def dots_at(left: Float32, items: Float32, rows: Int32) -> Float32:
    """left[q] . items[rows[q, k]], (q, d), (n_items, d), (q, n) -> float32 (q, n), a few queries at a time."""
    found = np.empty(rows.shape, np.float32)
    step = max(1, BLOCK // max(1, rows.shape[1] * items.shape[1]))
    for start in range(0, len(rows), step):
        block = slice(start, start + step)
        found[block] = np.einsum("qd,qnd->qn", left[block], items[rows[block]], optimize=True)
    return found
