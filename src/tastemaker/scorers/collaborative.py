"""What all scorers that learned from events share: they answer from a history, and borrow for items nobody has met.

An item without events has no weights of its own. It borrows those of the items nearest to it in content: a row of E
(n_items, n known), the identity for items that are known, and for the others shares of their neighbors that sum to 1.
"""

from abc import abstractmethod
from dataclasses import dataclass
from typing import Self

import numpy as np

from ..data.arrays import Bool, Csr, Float32, Int32, csr
from ..data.features import TASTES, Features
from ..data.query import Batch
from .base import BLOCK, Contributions, Part, Scorer
from .embeddings import unit_rows

NEAR = ("text", "lsa", "numbers", TASTES)  # feature blocks in which neighbors are looked for, all that exist together
NEIGHBORS = 10


@dataclass(frozen=True)
class Collaborative(Scorer):
    """near: the feature blocks that say which items are alike."""

    near: tuple[str, ...]

    @abstractmethod
    def known(self) -> Bool:
        """bool (n_items,): which items have weights, their own or borrowed."""

    @abstractmethod
    def lent(self, shares: Csr) -> Self:
        """The model of shares.shape[0] items whose weights are these shares of the present ones: shares is E."""

    def with_items(self, features: Features) -> Self:
        known = self.known()
        if known.all() and len(features) == len(known):
            return self
        return self.lent(neighbor_shares(features, self.near, known))


@dataclass(frozen=True)
class Linear(Collaborative):
    """score(u, i) = sum_j s_uj effect(j, i) over the query's items j; NaN where nothing leads from them to i.

    Of sparse weights a sum of exactly 0 counts as nothing, too, even where likes and dislikes cancel out.
    """

    @abstractmethod
    def effects(self, history: Int32, items: Int32) -> Float32:
        """What one unit of each history item adds to the score of each of these items, float32 (h, n)."""

    def score_rows(self, batch: Batch, rows: Int32) -> Float32:
        found = [np.zeros((0, rows.shape[1]), np.float32)]
        step = max(1, BLOCK // max(1, self.n_items))
        for start in range(0, len(batch), step):
            block = slice(start, start + step)
            found.append(np.take_along_axis(self.score_all(batch.take(block)), rows[block], axis=1))
        return np.concatenate(found)

    def contributions(self, batch: Batch, items: Int32) -> list[Contributions]:
        """Exact: each item of the history adds its value times its effect."""
        found, evidence, scores = [], batch.evidence(), self.score_rows(batch, items)
        for q in range(len(batch)):
            row = evidence[[q]]
            moved = (self.effects(row.indices, items[q]) * row.data[:, None]).T  # (n, h)
            base = np.where(np.isnan(scores[q]), np.float32(np.nan), np.float32(0.0))[:, None]
            parts = (Part("base"), *(Part("item", int(i)) for i in row.indices))
            found.append(Contributions(parts, np.hstack([base, moved]).astype(np.float32)))
        return found


def unsaid(scores: Float32) -> Float32:
    """A score of exactly 0 says nothing: NaN. In place."""
    scores[scores == 0.0] = np.nan
    return scores


def neighbor_shares(features: Features, blocks: tuple[str, ...], known: Bool) -> Csr:
    """E: csr (len(features), len(known)); an item that is not known and resembles none that is has an empty row."""
    from ..kernels.topk import TOGETHER, top_of_scores

    n, mine = len(features), np.flatnonzero(known)
    others = np.setdiff1d(np.arange(n), mine)
    content = _content(features, blocks)
    rows, columns, shares = [mine], [mine], [np.ones(len(mine), np.float32)]
    step = TOGETHER  # queries that one thread looks through: a service opens a model while another thread answers
    for start in range(0, len(others) if content.shape[1] and len(mine) else 0, step):
        asked = others[start : start + step]
        best, near = top_of_scores(content[asked] @ content[mine].T, NEIGHBORS)
        weight = np.where(best >= 0, np.maximum(near, 0.0), 0.0) ** 2  # the nearest count most
        total = weight.sum(axis=1, keepdims=True)
        kept = weight > 0
        rows.append(np.broadcast_to(asked[:, None], best.shape)[kept])
        columns.append(mine[best[kept]])
        shares.append((weight / np.where(total > 0, total, 1.0))[kept].astype(np.float32))
    return csr(np.concatenate(rows), np.concatenate(columns), np.concatenate(shares), (n, len(known)))


def _content(features: Features, blocks: tuple[str, ...]) -> Float32:
    """All blocks side by side, each at length 1, float32 (n_items, d): dot products are mean cosines."""
    found = [features.block(name) for name in blocks]
    return unit_rows(np.hstack([np.zeros((len(features), 0), np.float32), *map(unit_rows, found)]))
