"""Outcomes as the table would hold them, made up: users who are right more or less often."""

import numpy as np

from tastemaker.store.quality import Outcomes


def outcomes(
    correct: np.ndarray, user: np.ndarray | None = None, at: np.ndarray | None = None, said: np.ndarray | None = None
) -> Outcomes:
    """All likes, foretold with chance .8 where correct and .2 where not; one user each unless said."""
    n = len(correct)
    nothing, here = np.full(n, -1, np.int64), np.arange(n)
    chance = np.where(correct, 0.8, 0.2)
    return Outcomes(
        event=here, user=here if user is None else user, item=here % 7, version=np.zeros(n, np.int64), test=nothing,
        treatment=np.zeros(n, bool), slate=nothing, rank_shown=np.zeros(n, np.int64),
        level=np.full(n, "active", object), at=here if at is None else at, known=here % 60,
        predicted=2 * chance - 1, chance=chance if said is None else np.where(said, chance, np.nan),
        actual=np.ones(n), liked=np.ones(n, bool), place=np.where(correct, 0.1, 0.7),
    )  # fmt: skip


def by_users(rng: np.random.Generator, n: int, mean: float, a_user: int = 20, spread: float = 12.0) -> Outcomes:
    """n outcomes in time; users in turn, `a_user` outcomes each, who differ: Beta(mean · spread, …)."""
    many = -(-n // a_user)
    rate = rng.beta(mean * spread, (1 - mean) * spread, many)
    user = np.repeat(rng.permutation(many), a_user)[:n]
    mixed = rng.permutation(n)
    return outcomes(rng.random(n) < rate[user][mixed], user[mixed])
