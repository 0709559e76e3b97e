"""Items as unit vectors that a network makes of their features, in NumPy: a history is the mean of its items' vectors.

e_i = unit[ g_0 unit(network(x_i)), g_1 b_i1, g_2 b_i2, … ]: what the network makes of the input blocks x, and beside it
blocks that are compared as they are (a maker's signature), each with a learned gain g; what is not known of an item is
left out. So cos(e_j, e_i) is a weighted mean of cosines. An item that nobody has met has a vector like any other:
28,000 of them are made in a quarter second.
"""

from dataclasses import dataclass, replace
from typing import Self

import numpy as np

from ..data.arrays import Bool, Csr, Float32, Int32
from ..data.features import Features
from ..data.query import Batch
from .base import Contributions, Scorer, renamed
from .embeddings import Embeddings, unit_rows


@dataclass(frozen=True)
class Tower(Scorer):
    """
    near:            the items' vectors, and how they are compared with a history
    weights, biases: the network's layers, relu between them;  float32 (d_in, d_out), (d_out,)
    blocks:          feature blocks, side by side, that are its input
    beside:          feature blocks that stand beside its output;  gains: float32 (1 + len(beside),)
    """

    near: Embeddings
    weights: tuple[Float32, ...]
    biases: tuple[Float32, ...]
    blocks: tuple[str, ...]
    beside: tuple[str, ...]
    gains: Float32

    @property
    def n_items(self) -> int:
        return self.near.n_items

    def score_all(self, batch: Batch) -> Float32:
        return self.near.score_all(batch)

    def score_rows(self, batch: Batch, rows: Int32) -> Float32:
        return self.near.score_rows(batch, rows)

    def contributions(self, batch: Batch, items: Int32) -> list[Contributions]:
        """One part for each item of the history, "near"; exact, since the score is linear in it."""
        return [renamed(each, "item", "near") for each in self.near.contributions(batch, items)]

    def top(
        self, batch: Batch, n: int, exclude: Csr | None = None, allowed: Bool | None = None
    ) -> tuple[Int32, Float32]:
        return self.near.top(batch, n, exclude, allowed)

    def with_items(self, features: Features) -> Self:
        """ValueError when these features are not those that the network learned from."""
        return replace(self, near=replace(self.near, vectors=self.embed(features)))

    def embed(self, features: Features) -> Float32:
        """Unit rows float32 (len(features), d); a row of zeros for an item of which nothing is known."""
        return self.joined(self.seen(features), features)

    def seen(self, features: Features) -> Float32:
        """What the network makes of its input, unit rows float32 (len(features), dim); zeros where nothing of it is
        known: items are not alike for want of numbers."""
        h = features.matrix(self.blocks)
        known = np.any([np.zeros(len(h), bool), *(features.known(name) for name in self.blocks)], axis=0)
        for layer, (weight, bias) in enumerate(zip(self.weights, self.biases, strict=True)):
            h = (np.maximum(h, 0.0) if layer else h) @ weight + bias
        return unit_rows(h * known[:, None])

    def joined(self, seen: Float32, features: Features) -> Float32:
        """`seen` and what stands beside it, each by its gain, at length 1 together."""
        parts = [seen, *(features.block(name) for name in self.beside)]
        vectors = np.hstack([gain * part for gain, part in zip(self.gains, parts, strict=True)])
        if self.near.vectors.size and vectors.shape[1] != self.near.vectors.shape[1]:
            width = self.near.vectors.shape[1]
            raise ValueError(f"The features make vectors of {vectors.shape[1]} numbers, not {width}.")
        return unit_rows(vectors)
