"""Invented users with realistic tastes, and the rankings they would give."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from ..data.arrays import Float32, Int32
from ..data.catalog import Catalog
from ..data.dataset import Dataset, Scale
from ..data.events import events_of
from ..data.features import Features
from ..data.vocab import Vocab
from ..errors import DataError, RecipeError
from .preference import Affinity, mean_taste, preferences

EVERY = "*"


@dataclass(frozen=True)
class Population:
    """
    archetypes:    name -> taste -> how much, in [0, 1]; "*" speaks of all tastes that are not named
    everybody:     taste -> how much of it those have whose archetype does not speak of it; what is not named is 0
    mix:           0 = every user is of one archetype; else a user is a bit of each, in shares drawn from a symmetric
                   Dirichlet distribution with this concentration: small = mostly of one, large = all users alike
    taste_noise:   standard deviation of a user's taste around the archetype's, or the mixture's
    ranking_noise: standard deviation of a user's judgement around the preference
    pull:          what draws everybody alike: number column of the catalog -> what a standard deviation of it is worth,
                   in units of a taste
    """

    archetypes: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    users: int = 1000
    rankings: int = 10
    mix: float = 0.0
    taste_noise: float = 0.1
    ranking_noise: float = 0.2
    pull: Mapping[str, float] = field(default_factory=dict)
    everybody: Mapping[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.users < 1 or self.rankings < 2:
            raise RecipeError(f"[synth] users is {self.users}, rankings {self.rankings}; at least 1 and 2 are needed.")
        if self.mix < 0:
            raise RecipeError(f"[synth] mix is {self.mix:g}; give 0 for users of one archetype, or a number above.")

    def pulls(self, features: Features) -> Float32 | None:
        """What draws everybody to each item, float32 (n_items,); None where nothing does."""
        names = features.names.get("numbers", ())
        known = {name: weight for name, weight in self.pull.items() if name in names}
        if not known:
            return None
        weights = np.array([known.get(name, 0.0) for name in names], np.float32)
        return np.asarray(features.block("numbers") @ weights, np.float32)

    def centers(self, tastes: tuple[str, ...]) -> Float32:
        """float32 (n_archetypes, n_tastes)."""
        usual = {taste: self.everybody.get(taste, self.everybody.get(EVERY, 0.0)) for taste in tastes}
        found = [
            [wanted.get(taste, wanted.get(EVERY, usual[taste])) for taste in tastes]
            for wanted in self.archetypes.values()
        ]
        return np.array(found, np.float32).reshape(len(self.archetypes), len(tastes))


@dataclass(frozen=True)
class Rankings:
    """One list a user. items: int32 (u, k); preference: float32 (u, k), noise-free, in [0, 1]; rank: 1 = best."""

    items: Int32
    preference: Float32
    rank: Float32


def draw_tastes(
    population: Population, tastes: tuple[str, ...], n: int, rng: np.random.Generator
) -> tuple[Float32, Int32]:
    """Tastes float32 (n, n_tastes) in [0, 1], and each user's (main) archetype int32 (n,), all equally frequent."""
    centers = population.centers(tastes)
    archetype = rng.permutation(np.arange(n) % len(centers)).astype(np.int32)
    if population.mix > 0:
        shares = rng.dirichlet(np.full(len(centers), population.mix), n)
        archetype, around = shares.argmax(axis=1).astype(np.int32), np.asarray(shares @ centers, np.float32)
    else:
        around = centers[archetype]
    noisy = around + rng.normal(0.0, population.taste_noise, (n, len(tastes)))
    return np.clip(noisy, 0.0, 1.0).astype(np.float32), archetype


def draw_rankings(
    tastes: Float32, membership: Float32, k: int, noise: float, rng: np.random.Generator,
    affinity: Affinity = mean_taste, among: Int32 | None = None, pull: Float32 | None = None,
) -> Rankings:  # fmt: skip
    """Each user judges k items, drawn evenly from `among` (rows; None = all), and puts them in order.

    Judgement: clip(preference + N(0, noise), 0, 1); rank 1 is the best judged, ties at random. Fewer than k items: all.
    """
    pool = np.arange(len(membership)) if among is None else among
    if len(pool) < 2:
        raise DataError(f"A ranking needs two items; the catalog has {len(pool)}. Import more items and try again.")
    k = min(k, len(pool))
    items = np.array([rng.choice(pool, k, replace=False) for _ in range(len(tastes))]).astype(np.int32)
    preference = preferences(tastes, membership, items, affinity, pull)
    judged = np.clip(preference + rng.normal(0.0, noise, preference.shape), 0.0, 1.0)
    order = np.lexsort((rng.random(judged.shape), -judged), axis=1)
    rank = np.empty(judged.shape, np.float32)
    np.put_along_axis(rank, order, np.arange(1, k + 1, dtype=np.float32)[None, :], axis=1)
    return Rankings(items, preference, rank)


def as_dataset(
    rankings: Rankings, tastes: Float32, names: tuple[str, ...], catalog: Catalog, scale: Scale, time: int = 0,
    prefix: str = "synthetic",
) -> Dataset:  # fmt: skip
    """Rankings as events whose source is synthetic. Ranks are spread over `scale`, so that any list length fills it."""
    n, k = rankings.items.shape
    share = (rankings.rank - 1.0) / max(k - 1, 1)  # 0 = best
    value = scale.best + share * (scale.worst - scale.best)
    user = np.repeat(np.arange(n, dtype=np.int32), k)
    events = events_of(
        user, rankings.items.ravel(), value.ravel(), "ranking", time=time, group=user.astype(np.int64), synthetic=True
    )
    users = Vocab(tuple(f"{prefix}-{u}" for u in range(n)))
    return Dataset(events, catalog, users, names, tastes, {"ranking": scale})
