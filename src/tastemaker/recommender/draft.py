"""A link of the chain, and a slate that is being filled, level by level."""

from dataclasses import dataclass

import numpy as np

from ..data.arrays import UNKNOWN, Float32, Int32
from ..data.exploration import POOL, explored
from ..scorers import Scorer


@dataclass(frozen=True)
class Level:
    """One link of the chain. name: "active", "parent", "content", "popular" …; version: which model version it is."""

    name: str
    version: str
    scorer: Scorer


class Draft:
    """A slate being filled, level by level."""

    def __init__(self, n: int, explore: float, rng: np.random.Generator | None) -> None:
        self.n, self.explore, self.rng = n, explore, rng
        self.rows: list[int] = []
        self.scores: list[float] = []
        self.chances: list[float] = []
        self.levels: list[Level] = []
        self.why: list[str] = []

    @property
    def missing(self) -> int:
        return self.n - len(self.rows)

    @property
    def pool(self) -> int:
        """How many items this draft chooses from, at least."""
        return 0 if self.rng is None else POOL

    def take(self, level: Level, rows: Int32, scores: Float32) -> None:
        before, have = len(self.rows), set(self.rows)
        found, values = rows.tolist(), scores.tolist()
        if have or UNKNOWN in found:
            new = [(row, s) for row, s in zip(found, values, strict=True) if row >= 0 and row not in have]
            found, values = [row for row, _ in new], [s for _, s in new]
        n = min(self.missing, len(found))
        chances = [1.0] * n
        if self.rng is not None:
            order, drawn = explored(len(found), n, self.explore, self.rng)
            found, values, chances = [found[k] for k in order], [values[k] for k in order], drawn.tolist()
        self.rows += found[:n]
        self.scores += values[:n]
        self.chances += chances
        self.levels += [level] * n
        if len(self.rows) == before:
            if before == 0:  # else there simply is nothing more
                self.fail(f"{level.name} has nothing to go by here")
        elif self.missing > 0:
            self.fail(f"{level.name} knows only {len(self.rows) - before} fitting items")

    def fail(self, why: str) -> None:
        self.why.append(why)
