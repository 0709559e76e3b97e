"""A level that failed or was too slow is left alone for a while, and none begins that would not end in time."""

from collections.abc import Callable
from dataclasses import dataclass, field
from time import monotonic
from typing import Any, Self

from ..data.arrays import Bool, Csr, Float32, Int32
from ..data.features import Features
from ..data.query import Batch
from ..scorers import Contributions, Prediction, Scorer, Voice

Top = tuple[Int32, Float32]
REST = 2.0  # seconds a level is left alone after it was too slow


class TooSlow(Exception):
    """It would not have answered in time."""


class Resting(Exception):
    """It was too slow a moment ago."""


@dataclass
class Watched:
    """What is known of a level's pace. deadline: of the batch at hand, by the monotonic clock."""

    deadline: Callable[[], float]
    pace: float = 0.0  # seconds that a batch takes, smoothed
    until: float = 0.0  # it rests until then

    def ask(self, work: Callable[[], Top]) -> Top:
        begun = monotonic()
        if begun < self.until:
            raise Resting
        if self.pace and begun + self.pace > self.deadline():
            self.pace *= 0.9  # so that a level that was slow once is tried again
            raise TooSlow
        try:
            return work()
        finally:
            took = monotonic() - begun
            self.pace += 0.2 * (took - self.pace)
            if begun + took > self.deadline():
                self.until = begun + took + REST


@dataclass(frozen=True)
class Guarded(Scorer):
    """The scorer, watched where answers are made."""

    inner: Scorer
    watched: Watched = field(repr=False)

    @property
    def n_items(self) -> int:
        return self.inner.n_items

    def score_all(self, batch: Batch) -> Float32:
        return self.inner.score_all(batch)

    def score_rows(self, batch: Batch, rows: Int32) -> Float32:
        return self.inner.score_rows(batch, rows)

    def contributions(self, batch: Batch, items: Int32) -> list[Contributions]:
        return self.inner.contributions(batch, items)

    def spoke(self, batch: Batch) -> list[Voice]:
        return self.inner.spoke(batch)

    def with_items(self, features: Features) -> Self:
        raise NotImplementedError("the model is opened again when the catalog grows")

    def top(
        self, batch: Batch, n: int, exclude: Csr | None = None, allowed: Bool | None = None
    ) -> tuple[Int32, Float32]:
        return self.watched.ask(lambda: self.inner.top(batch, n, exclude, allowed))

    def predict(self, batch: Batch, items: Int32 | None = None) -> Prediction:
        return self.inner.predict(batch, items)

    def state(self) -> tuple[dict[str, Any], dict[str, Any]]:
        return self.inner.state()
