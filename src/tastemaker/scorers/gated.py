"""Content and collaboration as one score, balanced item by item by how much is known of the item."""

from dataclasses import dataclass, replace
from typing import Self

import numpy as np

from ..data.arrays import Float32, Int32
from ..data.features import Features
from ..data.query import Batch
from .base import Contributions, Scorer, merged, renamed
from .event_graph import EventGraph


@dataclass(frozen=True)
class Gated(Scorer):
    """score(u, i) = v_i content(u, i) + w_i collaborative(u, i);  v_i, w_i = exp(level + slope log(1 + n_i))

    n_i: events that the item had. So the collaborative share w / (v + w) is a logistic function of log(1 + n), and the
    sum a power of 1 + n. A part that cannot say adds 0; NaN when neither can.

    counts: float32 (n_items,), n; weights: float64 (2, 2), level and slope of content, then of the other; -inf = never
    """

    content: Scorer
    collaborative: Scorer
    counts: Float32
    weights: np.ndarray

    @property
    def n_items(self) -> int:
        return len(self.counts)

    @property
    def share(self) -> Float32:
        """The collaborative share of each item's weight, float32 (n_items,)."""
        content, other = self._weights()
        return np.asarray(other / np.maximum(content + other, 1e-30), np.float32)

    def score_all(self, batch: Batch) -> Float32:
        return self._sum(self.content.score_all(batch), self.collaborative.score_all(batch), *self._weights())

    def score_rows(self, batch: Batch, rows: Int32) -> Float32:
        each = (scorer.score_rows(batch, rows) for scorer in (self.content, self.collaborative))
        return self._sum(*each, *(weight[rows] for weight in self._weights()))

    def contributions(self, batch: Batch, items: Int32) -> list[Contributions]:
        """The parts of both, each times the item's weight; exact where theirs are. "with": who had that had this."""
        said, told = (s.contributions(batch, items) for s in (self.content, self.collaborative))
        if isinstance(self.collaborative, EventGraph):
            told = [renamed(each, "item", "with") for each in told]
        inner = zip(said, told, strict=True)
        return [self._joined(both, rows) for both, rows in zip(inner, items, strict=True)]

    def with_items(self, features: Features) -> Self:
        """New items had no event, so content carries them."""
        counts = np.zeros(len(features), np.float32)
        counts[: self.n_items] = self.counts
        content, other = self.content.with_items(features), self.collaborative.with_items(features)
        return replace(self, content=content, collaborative=other, counts=counts)

    def _weights(self) -> Float32:
        """float32 (2, n_items): of content, of the other."""
        return item_weights(self.weights, self.counts)

    def _joined(self, both: tuple[Contributions, ...], rows: Int32) -> Contributions:
        silent = np.stack([np.isnan(c.values.sum(axis=1)) for c in both])  # (2, n)
        weights = self._weights()[:, rows]
        values = [
            np.where(unsaid[:, None], np.float32(0.0), np.nan_to_num(c.values) * weight[:, None])
            for c, unsaid, weight in zip(both, silent, weights, strict=True)
        ]
        joined = np.hstack(values)
        joined[silent.all(axis=0)] = np.nan
        return merged(tuple(part for c in both for part in c.parts), joined)

    @staticmethod
    def _sum(content: Float32, other: Float32, v: Float32, w: Float32) -> Float32:
        total = v * np.nan_to_num(content) + w * np.nan_to_num(other)
        return np.where(np.isnan(content) & np.isnan(other), np.float32(np.nan), total).astype(np.float32)


def item_weights(weights: np.ndarray, counts: Float32) -> Float32:
    """exp(level + slope log(1 + n)) of both parts, float32 (2, n_items); weights: float64 (2, 2)."""
    level, slope = weights[:, :1], weights[:, 1:]
    return np.asarray(np.exp(level + slope * np.log1p(counts.astype(np.float64))), np.float32)
