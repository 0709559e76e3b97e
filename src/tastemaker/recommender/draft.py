"""A link of the chain, and a slate that is being filled, level by level."""

from dataclasses import dataclass

import numpy as np

from ..data.arrays import Float32, Int32
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
        new = [(row, s) for row, s in zip(rows.tolist(), scores.tolist(), strict=True) if row >= 0 and row not in have]
        n = min(self.missing, len(new))
        order, chances = range(n), np.ones(n)
        if self.rng is not None:
            order, chances = explored(len(new), n, self.explore, self.rng)  # type: ignore[assignment]
        for at, chance in zip(order, chances.tolist(), strict=True):
            self.rows.append(new[at][0])
            self.scores.append(new[at][1])
            self.chances.append(chance)
            self.levels.append(level)
        if len(self.rows) == before:
            if before == 0:  # else there simply is nothing more
                self.fail(f"{level.name} cannot say anything here")
        elif self.missing > 0:
            self.fail(f"{level.name} knows only {len(self.rows) - before} fitting items")

    def fail(self, why: str) -> None:
        self.why.append(why)
