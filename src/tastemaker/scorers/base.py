"""A fitted model: a frozen dataclass of arrays that can score. All that serving needs."""

from abc import ABC, abstractmethod
from dataclasses import dataclass, fields
from typing import NamedTuple, Self

import numpy as np

from ..data.arrays import UNKNOWN, Bool, Csr, Float32, Int32
from ..data.features import Features
from ..data.query import Batch
from ..kernels.topk_plain import top_rows
from .state import Arrays, Json, pack

BLOCK = 1 << 23  # scores held at once while ranking: 32 MB
MANY = 1 << 20  # scores from which on loading the compiler (half a second) pays


class Part(NamedTuple):
    """What moved a score. kind "base", "taste", "item", "context" …; key: a column, an item row or a block's name."""

    kind: str
    key: int | str = UNKNOWN


@dataclass(frozen=True)
class Contributions:
    """values: float32 (n, len(parts)); each row sums to the score of that item."""

    parts: tuple[Part, ...]
    values: Float32


class Voice(NamedTuple):
    """Which part of a scorer spoke for a query, and why not a better one ("" = the best one did)."""

    who: str
    why: str


@dataclass(frozen=True)
class Prediction:
    """value: float32 (q, n), the expected preference in [-1, 1]; like: float32 (q, n), chance that it is liked.

    Both calibrated; NaN = cannot say.
    """

    value: Float32
    like: Float32


@dataclass(frozen=True)
class Scorer(ABC):
    """A scorer scores from what the query carries, so a stranger with three likes needs no retraining."""

    @property
    @abstractmethod
    def n_items(self) -> int: ...

    @abstractmethod
    def score_all(self, batch: Batch) -> Float32:
        """Every item for every query, float32 (q, n_items); NaN = cannot say."""

    @abstractmethod
    def score_rows(self, batch: Batch, rows: Int32) -> Float32:
        """The items rows[i] for query i: rows int32 (q, n), all known -> float32 (q, n)."""

    @abstractmethod
    def contributions(self, batch: Batch, items: Int32) -> list[Contributions]:
        """Named parts that sum to the score; items int32 (q, n), one Contributions a query."""

    @abstractmethod
    def with_items(self, features: Features) -> Self:
        """The same model knowing more items: the first n_items rows of `features` are the items it knows."""

    def score(self, batch: Batch, items: Int32 | None = None) -> Float32:
        """float32 (q, n); NaN = cannot say.

        items: None = all; int32 (n,) the same for every query; int32 (q, n) a list a query. -1 scores NaN.
        """
        if items is None:
            return self.score_all(batch)
        rows = np.broadcast_to(np.asarray(items, np.int32), (len(batch), np.shape(items)[-1]))  # (q, n)
        scores = self.score_rows(batch, np.maximum(rows, 0))
        return np.where(rows >= 0, scores, np.float32(np.nan))

    def top(
        self, batch: Batch, n: int, exclude: Csr | None = None, allowed: Bool | None = None
    ) -> tuple[Int32, Float32]:
        """The n best items a query: rows int32 (q, n), -1 where there are too few, and their scores, NaN there.

        exclude: csr (q, n_items), non-zero = not this item for this query; allowed: bool (n_items,), for all queries.
        Ties go to the lower row.
        """
        rows, scores = [np.zeros((0, n), np.int32)], [np.zeros((0, n), np.float32)]
        step = max(1, BLOCK // max(1, self.n_items))
        for start in range(0, len(batch), step):
            block = slice(start, start + step)
            r, s = _best(self.score_all(batch.take(block)), n, None if exclude is None else exclude[block], allowed)
            rows.append(r)
            scores.append(s)
        return np.concatenate(rows), np.concatenate(scores)

    def predict(self, batch: Batch, items: Int32 | None = None) -> Prediction:
        """Calibrated expectations; a scorer that nobody calibrated cannot say."""
        unknown = np.full((len(batch), self.n_items if items is None else np.shape(items)[-1]), np.nan, np.float32)
        return Prediction(unknown, unknown.copy())

    def spoke(self, batch: Batch) -> list[Voice]:
        """Who speaks for each query, in a scorer whose parts take turns; [] = it speaks with one voice."""
        return []

    def hears_tastes(self) -> bool:
        """Do stated tastes move its scores? As those of its parts, unless it says so itself."""
        for one in fields(self):
            value = getattr(self, one.name)
            parts = value if isinstance(value, tuple) else (value,)
            if any(isinstance(part, Scorer) and part.hears_tastes() for part in parts):
                return True
        return False

    def state(self) -> tuple[Json, Arrays]:
        """Settings as JSON and arrays by name; `scorers.load` is the way back."""
        return pack(self)


def _best(scores: Float32, n: int, exclude: Csr | None, allowed: Bool | None) -> tuple[Int32, Float32]:
    if scores.size < MANY:
        return top_rows(scores, n, exclude, allowed)
    from ..kernels.topk import top_of_scores

    return top_of_scores(scores, n, exclude, allowed)


def renamed(found: Contributions, before: str, after: str) -> Contributions:
    """The same values, parts of one kind under another."""
    return Contributions(tuple(p._replace(kind=after) if p.kind == before else p for p in found.parts), found.values)


def merged(parts: tuple[Part, ...], values: Float32) -> Contributions:
    """Parts of one name as one column, in order of first appearance."""
    names = list(dict.fromkeys(parts))
    where = np.array([names.index(part) for part in parts])
    summed = np.zeros((len(values), len(names)), np.float32)
    np.add.at(summed.T, where, values.T)
    return Contributions(tuple(names), summed)
