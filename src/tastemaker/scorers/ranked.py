"""Two models as one: the first says what to show, the second what will be thought of it.

Who foretells grades best does not know what people look for: it would show what few have seen and those few adored
(Cremonesi et al. 2010, "Performance of Recommender Algorithms on Top-N Recommendation Tasks").
"""

from dataclasses import dataclass, replace
from typing import Self

import numpy as np

from ..data.arrays import Bool, Csr, Float32, Int32
from ..data.features import Features
from ..data.query import Batch
from .base import Contributions, Prediction, Scorer
from .popularity import Popularity


@dataclass(frozen=True)
class Ranked(Scorer):
    """Ranks as `ranker` does, and for who has told nothing as `popular` does; foretells as `teller` does."""

    ranker: Scorer
    teller: Scorer
    popular: Popularity

    @property
    def n_items(self) -> int:
        return self.ranker.n_items

    def score_all(self, batch: Batch) -> Float32:
        told, found = _told(batch), self.popular.score_all(batch)
        if told.any():
            found[told] = self.ranker.score_all(batch.take(np.flatnonzero(told)))
        return found

    def score_rows(self, batch: Batch, rows: Int32) -> Float32:
        told = _told(batch)
        found = self.popular.score_rows(batch, rows)
        if told.any():
            found = np.array(found)
            found[told] = self.ranker.score_rows(batch.take(np.flatnonzero(told)), rows[told])
        return found

    def top(
        self, batch: Batch, n: int, exclude: Csr | None = None, allowed: Bool | None = None
    ) -> tuple[Int32, Float32]:
        told = _told(batch)
        rows, scores = np.full((len(batch), n), -1, np.int32), np.full((len(batch), n), np.nan, np.float32)
        for mine, scorer in ((told, self.ranker), (~told, self.popular)):
            which = np.flatnonzero(mine)
            if len(which):
                masked = None if exclude is None else exclude[which]
                rows[which], scores[which] = scorer.top(batch.take(which), n, masked, allowed)
        return rows, scores

    def predict(self, batch: Batch, items: Int32 | None = None) -> Prediction:
        return self.teller.predict(batch, items)

    def contributions(self, batch: Batch, items: Int32) -> list[Contributions]:
        told, found = _told(batch), []
        for q in range(len(batch)):
            scorer: Scorer = self.ranker if told[q] else self.popular
            found += scorer.contributions(batch.take(slice(q, q + 1)), items[q : q + 1])
        return found

    def with_items(self, features: Features) -> Self:
        ranker, teller, popular = (part.with_items(features) for part in (self.ranker, self.teller, self.popular))
        assert isinstance(popular, Popularity)
        return replace(self, ranker=ranker, teller=teller, popular=popular)


def _told(batch: Batch) -> Bool:
    """bool (q,): whose query says anything of any item?"""
    return np.asarray(np.diff(batch.positives.indptr) + np.diff(batch.ratings.indptr) > 0)
