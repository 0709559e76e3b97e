"""Two rankings in one slate: far fewer users tell which is preferred than two arms need.

Team-draft interleaving (Radlinski, Kurup & Joachims 2008, "How does clickthrough data reflect retrieval quality?",
algorithm 2): as when two captains pick players. In each round a coin decides who picks first; each takes its best item
that is not taken yet; clicks count for the team of the item. Who has more clicks wins the slate; ties count for nobody,
and a two-sided sign test over users asks whether wins are even.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..data.arrays import Int64


@dataclass(frozen=True)
class Preference:
    """a, b: users who preferred each; ties: who preferred none; p: of no preference; share: of b among a and b."""

    a: int
    b: int
    ties: int
    share: float
    p: float


def team_draft(
    a: Sequence[str], b: Sequence[str], n: int, rng: np.random.Generator
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """(items, teams): at most n distinct items of the rankings a and b, and "a" or "b" for each."""
    ranking, size = {"a": list(a), "b": list(b)}, {"a": 0, "b": 0}
    items: list[str] = []
    teams: list[str] = []
    taken: set[str] = set()
    while len(items) < n:
        turn = "ab"[int(rng.integers(2))] if size["a"] == size["b"] else min(size, key=lambda team: size[team])
        pick = next((item for item in ranking[turn] if item not in taken), None)
        if (
            pick is None
        ):  # a ranking is used up: what is left of the other has no rival, so its clicks would say nothing
            break
        items.append(pick)
        teams.append(turn)
        taken.add(pick)
        size[turn] += 1
    return tuple(items), tuple(teams)


def credit(items: Sequence[str], teams: Sequence[str], clicked: Sequence[str]) -> int:
    """Clicks on team b's items minus those on team a's."""
    chosen = set(clicked)
    return sum((team == "b") - (team == "a") for item, team in zip(items, teams, strict=True) if item in chosen)


def preference(credits: Sequence[int], users: Sequence[str]) -> Preference:
    """credits: one a slate, as `credit` gives them; users: whose slate it was. The unit is the user."""
    _, who = np.unique(np.asarray(users, object).astype(str), return_inverse=True)
    total: Int64 = np.bincount(who, np.sign(credits)).astype(np.int64) if len(who) else np.zeros(0, np.int64)
    a, b = int((total < 0).sum()), int((total > 0).sum())
    return Preference(a, b, len(total) - a - b, b / (a + b) if a + b else float("nan"), _sign_test(a, b))


def _sign_test(a: int, b: int) -> float:
    """Two-sided exact p of a fair coin."""
    from scipy.special import bdtr

    return min(1.0, 2.0 * float(bdtr(min(a, b), a + b, 0.5))) if a + b else 1.0
