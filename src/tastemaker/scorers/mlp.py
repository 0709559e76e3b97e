"""A scorer network conditioned on the user, in NumPy: what RankNet and DPL learn.

h1 = relu(F W_item + b  +  [t, s] W_user  +  [t · x, e · E] W_match);  h = relu(h W + b) …;  score = h w + b

F W_item + b is the item's half of the first layer, computed once a catalog; t, s are the user's tastes and how sure
they are (TastePrior); the two matches say how well the item fits the tastes (x = membership - center) and how near its
embedding is to the history's e = Σ w_j E_j / (k + 2). Scoring n items: O(n h1 h2), 41,000 items in milliseconds.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial
from typing import Self

import numpy as np

from ..data.arrays import Csr, Float32, Int32
from ..data.features import Features
from ..data.query import Batch
from .base import Contributions, Scorer
from .shapley import shapley
from .taste import TastePrior

CHUNK = 1024  # items scored at once: their hidden layer stays in cache


@dataclass(frozen=True)
class Mlp(Scorer):
    """
    prior:     how tastes are inferred
    embedding: float32 (n_items, e), unit rows, compared with the history; e = 0 = no such block
    hidden:    float32 (n_items, h1), the item half of the first layer
    item:      float32 (d, h1);  bias: float32 (h1,);  user: float32 (2 p, h1);  match: float32 (2, h1)
    weights, biases: the layers that follow; the last one has width 1
    blocks:    feature blocks, side by side, that make the item's input;  near: the block that is the embedding
    squash:    True = the score is a sigmoid in [0, 1]
    """

    prior: TastePrior
    embedding: Float32
    hidden: Float32
    item: Float32
    bias: Float32
    user: Float32
    match: Float32
    weights: tuple[Float32, ...]
    biases: tuple[Float32, ...]
    blocks: tuple[str, ...]
    near: str
    squash: bool

    def hears_tastes(self) -> bool:
        return True

    @property
    def n_items(self) -> int:
        return len(self.hidden)

    def score_all(self, batch: Batch) -> Float32:
        scores = np.empty((len(batch), self.n_items), np.float32)
        for q, (base, tastes, history) in enumerate(self._users(batch)):
            for start in range(0, self.n_items, CHUNK):
                rows = slice(start, start + CHUNK)
                scores[q, rows] = self._forward(rows, base, tastes, history)
        return scores

    def score_rows(self, batch: Batch, rows: Int32) -> Float32:
        users = zip(rows, self._users(batch), strict=True)
        scores = [self._forward(mine, base, tastes, history) for mine, (base, tastes, history) in users]
        return np.array(scores, np.float32).reshape(rows.shape)

    def contributions(self, batch: Batch, items: Int32) -> list[Contributions]:
        """Exact Shapley values; their base is the score of the item for somebody of whom nothing is known."""
        return [shapley(partial(self.score, items=rows), batch.take(slice(q, q + 1))) for q, rows in enumerate(items)]

    def with_items(self, features: Features) -> Self:
        hidden = features.matrix(self.blocks) @ self.item + self.bias
        return replace(self, prior=self.prior.with_items(features), embedding=features.block(self.near), hidden=hidden)

    def _users(self, batch: Batch) -> Iterator[tuple[Float32, Float32, Float32]]:
        """Per query: the user's half of the first layer (h1,), centred tastes (p,), history embedding (e,)."""
        tastes, spread = self.prior.infer_batch(batch)
        history = mean_embedding(batch.evidence(), self.embedding)
        base = np.hstack([tastes, spread]) @ self.user  # (q, h1)
        return zip(base, tastes - self.prior.mean, history, strict=True)

    def _forward(self, rows: slice | Int32, base: Float32, tastes: Float32, history: Float32) -> Float32:
        """Scores of these items for one user, float32 (n,)."""
        fit = self.prior.membership[rows] @ tastes - self.prior.center @ tastes  # (n,)
        near: Float32 = self.embedding[rows] @ history if history.any() else np.zeros(len(fit), np.float32)  # (n,)
        h = np.stack([fit, near], axis=1) @ self.match  # (n, h1)
        h += self.hidden[rows]
        h += base
        for weight, bias in zip(self.weights, self.biases, strict=True):
            h = np.maximum(h, 0.0, out=h) @ weight
            h += bias
        score = h[:, 0]
        if self.squash:
            return np.asarray(1.0 / (1.0 + np.exp(-np.maximum(score, -80.0))), np.float32)  # exp overflows at 88
        return np.asarray(score, np.float32)


def mean_embedding(evidence: Csr, embedding: Float32) -> Float32:
    """e = Σ w_j E_j / (k + 2) over the k items of a query, float32 (q, e): few items say little."""
    counts = np.diff(evidence.indptr)[:, None]
    return np.asarray(evidence @ embedding / (counts + 2.0), np.float32)
