"""Ways of judging on invented users whom no model has seen, each with what an oracle of the same knowledge reaches."""

from dataclasses import dataclass, replace

import numpy as np

from ..data.arrays import Bool, Float32, Int32
from ..data.case import Case
from ..data.features import TASTES, Features
from ..data.query import Query
from .oracle import Oracle, draw_oracle
from .preference import Affinity, mean_taste, preferences, strongest
from .users import Population, Rankings, draw_rankings, draw_tastes

BLUR = 0.2  # deviation of tastes that are stated vaguely
KNOWN = 5  # rankings given where tastes are not
TOP = 0.01  # share of the catalog that is relevant to a user


@dataclass(frozen=True)
class HeldOut:
    """Users nobody learned from: their tastes, a list they ranked earlier (history) and one to be judged on."""

    tastes: Float32
    names: tuple[str, ...]
    history: Rankings
    judged: Rankings
    relevant: Bool | None

    def ratings(self, ids: tuple[str, ...], k: int) -> list[dict[str, float]]:
        """The first k rankings of the history, id -> signed preference."""
        signed = 2.0 * self.share()[:, :k] - 1.0
        rows = self.history.items[:, :k]
        return [{ids[i]: float(s) for i, s in zip(*pair, strict=True)} for pair in zip(rows, signed, strict=True)]

    def share(self) -> Float32:
        """The history's ranks as shares in [0, 1], 1 = best."""
        k = self.history.rank.shape[1]
        return np.asarray((k - self.history.rank) / max(k - 1, 1), np.float32)

    def relevance(self) -> Float32:
        """k + 1 - rank, so that the best of ten is worth 10."""
        return np.asarray(self.judged.rank.shape[1] + 1 - self.judged.rank, np.float32)


def draw_held_out(
    population: Population, features: Features, n: int, rng: np.random.Generator, among: Int32 | None = None,
    tastes: Float32 | None = None, affinity: Affinity = mean_taste, whole: bool = False,
) -> HeldOut:  # fmt: skip
    """n users; whole: also find their best items in the whole catalog. tastes: these instead of drawn ones."""
    membership, pull = features.block(TASTES), population.pulls(features)
    drawn = draw_tastes(population, features.tastes, n, rng)[0] if tastes is None else tastes
    lists = [
        draw_rankings(drawn, membership, population.rankings, population.ranking_noise, rng, affinity, among, pull)
        for _ in range(2)
    ]
    relevant = best_items(preferences(drawn, membership, None, affinity, pull)) if whole else None
    return HeldOut(drawn, features.tastes, lists[0], lists[1], relevant)


def best_items(preference: Float32) -> Bool:
    """The best TOP of all items for each user, bool (q, n_items)."""
    n = max(1, int(preference.shape[1] * TOP))
    chosen = np.zeros(preference.shape, bool)
    np.put_along_axis(chosen, np.argsort(-preference, axis=1, kind="stable")[:, :n], True, axis=1)
    return chosen


def user_cases(population: Population, features: Features, n: int, rng: np.random.Generator) -> list[Case]:
    """Four cases: tastes stated; stated vaguely and in part; only five rankings; users of another kind."""
    users = draw_held_out(population, features, n, rng, whole=True)
    questions = np.concatenate([users.history.items, users.judged.items])
    pull = population.pulls(features)
    oracle = draw_oracle(population, features.tastes, features.block(TASTES), questions, rng, pull)
    others = draw_held_out(population, features, n, rng, tastes=_anywhere(n, features, rng), affinity=strongest)
    ids = features.items.ids
    return [
        stated_case(users),
        _vague_case(users, oracle, rng),
        _ranked_case(users, oracle, ids),
        replace(
            stated_case(others),
            name="unlike",
            protocol="users of another kind: tastes anywhere in [0, 1], one family decides; all tastes stated",
        ),
    ]


def stated_case(users: HeldOut) -> Case:
    queries = tuple(Query(profile=dict(zip(users.names, map(float, row), strict=True))) for row in users.tastes)
    return Case(
        "stated",
        "held-out users who state all their tastes",
        queries,
        users.judged.items,
        users.relevance(),
        users.judged.preference,
        users.relevant,
    )


def _vague_case(users: HeldOut, oracle: Oracle, rng: np.random.Generator) -> Case:
    blurred = np.clip(users.tastes + rng.normal(0.0, BLUR, users.tastes.shape), 0.0, 1.0).astype(np.float32)
    order = np.argsort(rng.random(blurred.shape), axis=1)
    withheld = np.zeros(blurred.shape, bool)
    np.put_along_axis(withheld, order[:, : blurred.shape[1] // 2], True, axis=1)
    shown = np.where(withheld, np.nan, blurred).astype(np.float32)
    queries = tuple(
        Query(profile={name: float(v) for name, v in zip(users.names, row, strict=True) if not np.isnan(v)})
        for row in shown
    )
    return Case(
        "vague",
        f"tastes stated with noise of {BLUR}, half of them withheld",
        queries,
        users.judged.items,
        users.relevance(),
        oracle.from_stated(shown, BLUR, users.judged.items),
    )


def _ranked_case(users: HeldOut, oracle: Oracle, ids: tuple[str, ...]) -> Case:
    queries = tuple(Query(ratings=ratings) for ratings in users.ratings(ids, KNOWN))
    known = oracle.from_ranks(users.history.items[:, :KNOWN], users.share()[:, :KNOWN], users.judged.items)
    return Case(
        "ranked",
        f"tastes unknown, {KNOWN} rankings given",
        queries,
        users.judged.items,
        users.relevance(),
        known,
    )


def _anywhere(n: int, features: Features, rng: np.random.Generator) -> Float32:
    return rng.random((n, len(features.tastes))).astype(np.float32)
