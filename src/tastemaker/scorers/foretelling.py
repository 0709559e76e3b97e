"""What a grade will be, and whether it will be a like: members that score in preferences, weighed by how much is known.

    score = sum_g h_g(n_u) base_g + sum_m score_m [sum_g h_g(n_u) w_mg + sum_g h_g(n_i) v_mg]
    like  = sigmoid(b_0 + b_1 z + b_2 bent(z)),  z = c_0 + c_1 score + sum_l c_l like_l

bent(z) = z^3 / 16, held beyond |z| = 4: far from even, what happens is surer than a straight line says. h: hat
functions of log(1 + n), so that weights change smoothly with the grades n_u that the query holds and the grades n_i
that an item had at training; each sums to 1. Members of `likes` were learned from likes and dislikes alone: they know
what this user's grades mean, which one scale for all does not.
"""

from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from ..data.arrays import Csr, Float32, Float64, Int32
from ..data.features import Features
from ..data.query import Batch
from .base import Contributions, Part, Prediction, Scorer, merged

KNOTS = (0, 3, 10, 30, 100)  # grades
REACH = 4.0  # log odds


@dataclass(frozen=True)
class AsLikes(Scorer):
    """`inner` asked with likes and dislikes, 1 and -1, instead of preferences: one above `limit` is a like."""

    inner: Scorer
    limit: float

    @property
    def n_items(self) -> int:
        return self.inner.n_items

    def score_all(self, batch: Batch) -> Float32:
        return self.inner.score_all(self._told(batch))

    def score_rows(self, batch: Batch, rows: Int32) -> Float32:
        return self.inner.score_rows(self._told(batch), rows)

    def contributions(self, batch: Batch, items: Int32) -> list[Contributions]:
        return self.inner.contributions(self._told(batch), items)

    def with_items(self, features: Features) -> Self:
        return replace(self, inner=self.inner.with_items(features))

    def _told(self, batch: Batch) -> Batch:
        old = batch.ratings
        signs = np.where(old.data > self.limit, np.float32(1.0), np.float32(-1.0))
        return replace(batch, ratings=type(old)((signs, old.indices, old.indptr), shape=old.shape))


@dataclass(frozen=True)
class Foretelling(Scorer):
    """
    graded:  float32 (n_items,), grades that an item had at training
    base:    float32 (g,); by_user, by_item: float32 (members, g), weights at the KNOTS
    chance:  float32 (2 + likes,), c; all 0 but the first = the same for everybody; curve: float32 (3,), b
    """

    members: tuple[Scorer, ...]
    likes: tuple[Scorer, ...]
    graded: Float32
    base: Float32
    by_user: Float32
    by_item: Float32
    chance: Float32
    curve: Float32 = field(default_factory=lambda: np.array([0.0, 1.0, 0.0], np.float32))

    @property
    def n_items(self) -> int:
        return self.members[0].n_items

    def score_all(self, batch: Batch) -> Float32:
        return self._weighed(batch, self._of_items, [m.score_all(batch) for m in self.members])

    def score_rows(self, batch: Batch, rows: Int32) -> Float32:
        return self._weighed(batch, self._of_items[:, rows], [m.score_rows(batch, rows) for m in self.members])

    def predict(self, batch: Batch, items: Int32 | None = None) -> Prediction:
        score = self.score(batch, items)
        z = self.chance[0] + self.chance[1] * score
        for weight, model in zip(self.chance[2:], self.likes, strict=True):
            z = z + weight * model.score(batch, items)
        z = self.curve[0] + self.curve[1] * z + self.curve[2] * bent(z)
        like = 1.0 / (1.0 + np.exp(-np.clip(z, -30.0, 30.0)))
        return Prediction(np.clip(score, -1.0, 1.0).astype(np.float32), like.astype(np.float32))

    def contributions(self, batch: Batch, items: Int32) -> list[Contributions]:
        """Exact: every member's parts times its weight, and the base."""
        inner = [member.contributions(batch, items) for member in self.members]
        hats = hat_weights(known_grades(batch))
        base = hats @ self.base
        found = []
        for q in range(len(batch)):
            share = (self.by_user @ hats[q])[:, None] + self._of_items[:, items[q]]  # (members, n)
            parts, values = [Part("base")], [np.full((items.shape[1], 1), base[q], np.float32)]
            for weight, each in zip(share, (one[q] for one in inner), strict=True):
                parts.extend(each.parts)
                values.append((each.values * weight[:, None]).astype(np.float32))
            found.append(merged(tuple(parts), np.hstack(values)))
        return found

    def with_items(self, features: Features) -> Self:
        new = np.zeros(len(features) - self.n_items, np.float32)
        return replace(
            self,
            members=tuple(member.with_items(features) for member in self.members),
            likes=tuple(model.with_items(features) for model in self.likes),
            graded=np.concatenate([self.graded, new]),
        )

    @cached_property
    def _of_items(self) -> Float64:
        """(members, n_items)"""
        return np.asarray(self.by_item @ hat_weights(self.graded).T)

    def _weighed(self, batch: Batch, of_items: Float64, scores: list[Float32]) -> Float32:
        hats = hat_weights(known_grades(batch))
        total = np.tile((hats @ self.base)[:, None], (1, scores[0].shape[1]))  # (q, n)
        for by_user, by_item, score in zip(self.by_user, of_items, scores, strict=True):
            total += score * ((hats @ by_user)[:, None] + by_item)
        return total.astype(np.float32)


def bent(z: NDArray[Any]) -> NDArray[Any]:
    return np.asarray(np.clip(z, -REACH, REACH) ** 3 / REACH**2)


def known_grades(batch: Batch) -> NDArray[np.integer]:
    """How many items each query says something of, (q,)."""
    evidence: Csr = batch.evidence()
    return np.asarray(np.diff(evidence.indptr))


def hat_weights(n: NDArray[np.number]) -> Float64:
    """h (len(n), g): shares of the knots, linear in log(1 + n) between two of them."""
    knots = np.log1p(np.asarray(KNOTS, np.float64))
    at = np.interp(np.log1p(n), knots, np.arange(len(knots)))
    return np.asarray(np.maximum(0.0, 1.0 - np.abs(at[:, None] - np.arange(len(knots)))))
