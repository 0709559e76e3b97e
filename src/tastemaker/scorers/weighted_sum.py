"""Several scorers of one catalog added up: where one of them says nothing it adds nothing."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Self

import numpy as np

from ..data.arrays import Float32, Int32
from ..data.features import Features
from ..data.query import Batch
from .base import MANY, Contributions, Scorer, merged


@dataclass(frozen=True)
class WeightedSum(Scorer):
    """score = sum_s w_s score_s, NaN as 0; NaN when none of the scorers can say."""

    scorers: tuple[Scorer, ...]
    weights: tuple[float, ...]

    @property
    def n_items(self) -> int:
        return self.scorers[0].n_items

    def score_all(self, batch: Batch) -> Float32:
        return self._sum(lambda scorer: scorer.score_all(batch))

    def score_rows(self, batch: Batch, rows: Int32) -> Float32:
        return self._sum(lambda scorer: scorer.score_rows(batch, rows))

    def contributions(self, batch: Batch, items: Int32) -> list[Contributions]:
        """The parts of every scorer that could say, each times its weight; exact."""
        inner = [scorer.contributions(batch, items) for scorer in self.scorers]
        return [self._joined([each[q] for each in inner]) for q in range(len(batch))]

    def with_items(self, features: Features) -> Self:
        return replace(self, scorers=tuple(s.with_items(features) for s in self.scorers))

    def _joined(self, each: list[Contributions]) -> Contributions:
        silent = np.stack([np.isnan(c.values.sum(axis=1)) for c in each])  # (s, n)
        weighted = [np.nan_to_num(c.values) * np.float32(w) for c, w in zip(each, self.weights, strict=True)]
        values = np.hstack([np.where(s[:, None], np.float32(0.0), v) for s, v in zip(silent, weighted, strict=True)])
        values[silent.all(axis=0)] = np.nan
        return merged(tuple(part for c in each for part in c.parts), values)

    def _sum(self, score: Callable[[Scorer], Float32]) -> Float32:
        total: Float32 | None = None
        for scorer, weight in zip(self.scorers, self.weights, strict=True):
            found = score(scorer)
            total = np.full_like(found, np.nan) if total is None else total
            _add(total, found, weight)
        assert total is not None, "a sum of nothing"
        return total


def _add(total: Float32, found: Float32, weight: float) -> None:
    """total += weight · found where found is not NaN, in place; a total of NaN counts as 0."""
    if total.size >= MANY:
        from ..kernels.spread import add_known

        add_known(total, found, weight)
        return
    said = ~np.isnan(found)
    total[said] = np.nan_to_num(total[said]) + np.float32(weight) * found[said]
