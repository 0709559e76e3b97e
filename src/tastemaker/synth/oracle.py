"""The best anybody could do with the same knowledge: what a model is measured against.

The oracle knows how users are drawn (archetypes, noise) but of this user only what the query says. It draws many users,
weighs each by how likely it would have said the same, and expects the mean of their preferences: the posterior mean by
self-normalised importance sampling (Owen 2013, Monte Carlo theory, ch. 9), which is what orders a list best.
"""

from dataclasses import dataclass

import numpy as np

from ..data.arrays import Float32, Int32, Int64
from .preference import preferences
from .users import Population, draw_tastes

DRAWS = 2000
RANK_SPREAD = 0.25  # deviation of a rank, as a share of its list, around the preference: noise .2 and rounding


@dataclass(frozen=True)
class Oracle:
    """Users that could have been drawn, and what each prefers among the items in question.

    tastes: float32 (s, n_tastes);  rows: int32 (m,), sorted item rows;  preference: float32 (s, m)
    """

    tastes: Float32
    rows: Int32
    preference: Float32

    def from_stated(self, shown: Float32, noise: float, items: Int32) -> Float32:
        """shown: float32 (q, n_tastes), tastes seen with Gaussian `noise`, NaN = withheld -> float32 (q, n)."""
        found = np.empty(items.shape, np.float32)
        for q, said in enumerate(shown):
            known = ~np.isnan(said)
            likely = -0.5 * (((self.tastes[:, known] - said[known]) / noise) ** 2).sum(axis=1)
            found[q] = self._expected(likely, items[q])
        return found

    def from_ranks(self, items: Int32, share: Float32, wanted: Int32) -> Float32:
        """items: int32 (q, k), already ranked; share: float32 (q, k) in [0, 1], 1 = best -> float32 (q, n)."""
        found = np.empty(wanted.shape, np.float32)
        for q, rows in enumerate(items):
            error = self.preference[:, self._at(rows)] - share[q]
            found[q] = self._expected(-0.5 * ((error / RANK_SPREAD) ** 2).sum(axis=1), wanted[q])
        return found

    def _expected(self, likely: Float32, rows: Int32) -> Float32:
        weights = np.exp(likely - likely.max())
        return np.asarray(weights @ self.preference[:, self._at(rows)] / weights.sum(), np.float32)

    def _at(self, rows: Int32) -> Int64:
        return np.searchsorted(self.rows, rows)


def draw_oracle(
    population: Population, names: tuple[str, ...], membership: Float32, items: Int32, rng: np.random.Generator,
    pull: Float32 | None = None,
) -> Oracle:  # fmt: skip
    """An oracle for questions about `items` (rows, in any order and shape)."""
    rows = np.unique(items).astype(np.int32)
    tastes, _ = draw_tastes(population, names, DRAWS, rng)
    each = np.broadcast_to(rows, (DRAWS, len(rows)))
    return Oracle(tastes, rows, preferences(tastes, membership, each, pull=pull))
