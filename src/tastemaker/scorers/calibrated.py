"""A scorer with its predictions calibrated: what a score means as a preference and as a chance of a like."""

from dataclasses import dataclass, replace
from typing import Self

import numpy as np

from ..data.arrays import Float32, Int32
from ..data.features import Features
from ..data.query import Batch
from .base import Contributions, Prediction, Scorer


@dataclass(frozen=True)
class Calibrated(Scorer):
    """Ranks as `inner` does.

    value = clip(slope · score + intercept, -1, 1);  like = sigmoid(a · score + b)  (Platt 1999)
    """

    inner: Scorer
    slope: float
    intercept: float
    a: float
    b: float

    @property
    def n_items(self) -> int:
        return self.inner.n_items

    def score_all(self, batch: Batch) -> Float32:
        return self.inner.score_all(batch)

    def score_rows(self, batch: Batch, rows: Int32) -> Float32:
        return self.inner.score_rows(batch, rows)

    def contributions(self, batch: Batch, items: Int32) -> list[Contributions]:
        return self.inner.contributions(batch, items)

    def with_items(self, features: Features) -> Self:
        return replace(self, inner=self.inner.with_items(features))

    def predict(self, batch: Batch, items: Int32 | None = None) -> Prediction:
        score = self.score(batch, items)
        value = np.clip(self.slope * score + self.intercept, -1.0, 1.0)
        like = 1.0 / (1.0 + np.exp(-np.clip(self.a * score + self.b, -50.0, 50.0)))
        return Prediction(value.astype(np.float32), like.astype(np.float32))
