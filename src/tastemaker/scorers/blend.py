"""Several scorers as one: a weighted mean over those that can say something."""

from dataclasses import dataclass, replace
from typing import Self

import numpy as np

from ..data.arrays import Float32, Int32
from ..data.features import Features
from ..data.query import Batch
from .base import Contributions, Scorer, merged


@dataclass(frozen=True)
class Blend(Scorer):
    """score = Σ_s w_s score_s / Σ_s w_s over the scorers s whose score is not NaN; NaN when none can say."""

    scorers: tuple[Scorer, ...]
    weights: tuple[float, ...]

    @property
    def n_items(self) -> int:
        return self.scorers[0].n_items

    def score_all(self, batch: Batch) -> Float32:
        return self._mean([s.score_all(batch) for s in self.scorers])

    def score_rows(self, batch: Batch, rows: Int32) -> Float32:
        return self._mean([s.score_rows(batch, rows) for s in self.scorers])

    def contributions(self, batch: Batch, items: Int32) -> list[Contributions]:
        """The parts of every scorer that could say, each scaled by that scorer's share of the mean; exact."""
        inner = [s.contributions(batch, items) for s in self.scorers]
        return [self._joined([each[q] for each in inner]) for q in range(len(batch))]

    def _joined(self, each: list[Contributions]) -> Contributions:
        known = np.stack([~np.isnan(c.values.sum(axis=1)) for c in each])  # (s, n)
        weight = known * np.asarray(self.weights)[:, None]
        total = weight.sum(axis=0)
        share = np.divide(weight, total, out=np.zeros_like(weight), where=total > 0)
        values = [np.nan_to_num(c.values) * w[:, None] for c, w in zip(each, share, strict=True)]
        parts = tuple(part for c in each for part in c.parts)
        joined = np.hstack(values)
        joined[total == 0] = np.nan
        return merged(parts, joined)

    def with_items(self, features: Features) -> Self:
        return replace(self, scorers=tuple(s.with_items(features) for s in self.scorers))

    def _mean(self, scores: list[Float32]) -> Float32:
        stacked = np.stack(scores)  # (s, q, n)
        weight = ~np.isnan(stacked) * np.asarray(self.weights, np.float32)[:, None, None]
        total = weight.sum(axis=0)
        sums = (np.nan_to_num(stacked) * weight).sum(axis=0)
        mean = np.divide(sums, total, out=np.full(sums.shape, np.nan), where=total > 0)
        return np.asarray(mean, np.float32)
