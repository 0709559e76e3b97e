"""Invented users as events in the database, marked synthetic."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from sqlalchemy import Connection

from .. import store as database
from ..data.arrays import Int32
from ..data.catalog import Catalog
from ..data.dataset import Dataset, Scale
from ..data.features import TASTES, Features
from ..features.build import build_features
from ..recipe import Recipe
from ..store import Store
from ..synth.users import as_dataset, draw_rankings, draw_tastes
from ..watch import Watch
from .candidates import stream
from .check import check_trainable

RANKS = Scale(worst=10.0, best=1.0)  # where a recipe has no scale of ranks


@dataclass(frozen=True)
class Synthesized:
    """archetypes, families: how many users of each kind, and how many ranked items of each family."""

    dataset: Dataset
    archetypes: Mapping[str, int]
    families: Mapping[str, int]
    seed: int


def synthesize(store: Store, recipe: Recipe, users: int | None, rankings: int | None, seed: int) -> Synthesized:
    """Replaces the invented users of an earlier call, in one transaction."""
    with store.read() as conn:
        catalog = database.read_catalog(conn)
    check_trainable(catalog, recipe)
    made = invent(recipe, catalog, features_of(recipe, catalog), seed, users, rankings)
    with store.begin() as conn:
        put_invented(conn, made)
    return made


def features_of(recipe: Recipe, catalog: Catalog) -> Features:
    """Tastes and numbers: all that inventing users needs."""
    settings = replace(recipe.features, blocks=(TASTES, "numbers"))
    return build_features(catalog, settings, recipe.tastes, 0, Watch())


def invent(
    recipe: Recipe, catalog: Catalog, features: Features, seed: int, users: int | None = None,
    rankings: int | None = None, purpose: str = "users", among: Int32 | None = None,
) -> Synthesized:  # fmt: skip
    population = replace(recipe.synth, users=users or recipe.synth.users, rankings=rankings or recipe.synth.rankings)
    rng = stream(seed, purpose)
    tastes, archetype = draw_tastes(population, features.tastes, population.users, rng)
    membership, pull = features.block(TASTES), population.pulls(features)
    noise = population.ranking_noise
    drawn = draw_rankings(tastes, membership, population.rankings, noise, rng, among=among, pull=pull)
    scale = recipe.scales.get("ranking", RANKS)
    dataset = as_dataset(drawn, tastes, features.tastes, catalog, scale, prefix=f"synthetic-{purpose}")
    kinds = np.bincount(archetype, minlength=len(population.archetypes))
    most = np.bincount(membership[drawn.items.ravel()].argmax(axis=1), minlength=membership.shape[1])
    return Synthesized(
        dataset,
        dict(zip(population.archetypes, kinds.tolist(), strict=True)),
        dict(zip(features.tastes, most.tolist(), strict=True)),
        seed,
    )


def put_invented(conn: Connection, made: Synthesized) -> None:
    database.delete_synthetic(conn)
    events, users = made.dataset.events, made.dataset.users.ids
    ids = made.dataset.catalog.items.ids
    said = (f"synthetic\0{made.seed}\0{users[u]}\0{ids[i]}" for u, i in zip(events.user, events.item, strict=True))
    database.put_events(conn, made.dataset, [hashlib.sha256(s.encode()).hexdigest()[:32] for s in said])
    database.put_meta(conn, synthetic={"seed": made.seed, "archetypes": dict(made.archetypes)})
