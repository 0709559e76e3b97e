"""What the benchmarks of learners share: a catalog, its features, invented users to learn from and others to judge on."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import numpy as np

from tastemaker.data.case import Case
from tastemaker.data.catalog import Catalog
from tastemaker.data.dataset import Dataset
from tastemaker.data.features import TASTES, Features
from tastemaker.data.load_catalog import load_catalog
from tastemaker.data.read import read_table
from tastemaker.data.vocab import Vocab
from tastemaker.features.build import build_features
from tastemaker.recipe import Recipe
from tastemaker.synth.cases import user_cases
from tastemaker.synth.users import as_dataset, draw_rankings, draw_tastes
from tastemaker.watch import Watch

Encoder = Literal["lsa", "word2vec"]


@dataclass(frozen=True)
class World:
    """train: rankings of invented users who state their tastes; cases: users and lists that nobody learned from."""

    catalog: Catalog
    features: Features
    train: Dataset
    cases: list[Case]


def build_world(recipe: Recipe, data: Path | None, encoder: Encoder, seed: int) -> World:
    catalog = invented_catalog(recipe, seed) if data is None else load_catalog(read_table(data), recipe.catalog).catalog
    settings = replace(recipe.features, text=replace(recipe.features.text, encoder=encoder))
    features = build_features(catalog, settings, recipe.tastes, seed, Watch())
    rng, synth = np.random.default_rng(seed), recipe.synth
    tastes, _ = draw_tastes(synth, features.tastes, synth.users, rng)
    rankings = draw_rankings(tastes, features.block(TASTES), synth.rankings, synth.ranking_noise, rng)
    train = as_dataset(rankings, tastes, features.tastes, catalog, recipe.scales["ranking"])
    return World(catalog, features, train, user_cases(synth, features, recipe.judge.users, rng))


def invented_catalog(recipe: Recipe, seed: int, n: int = 2000) -> Catalog:
    """n perfumes whose notes come mostly from one or two families of the recipe, and whose text names some of them."""
    rng, families = np.random.default_rng(seed), list(recipe.tastes.families.values())
    notes, text = [], []
    for _ in range(n):
        mixture = rng.dirichlet(np.full(len(families), 0.4))
        drawn = [families[f] for f in rng.choice(len(families), rng.integers(3, 12), p=mixture)]
        mine = tuple(dict.fromkeys(str(rng.choice(family)) for family in drawn))
        notes.append(mine)
        text.append(f"opens with {mine[0]} and ends in {' and '.join(rng.permutation(mine)[:3])}")
    titles = tuple(f"Perfume {i}" for i in range(n))
    return Catalog(
        items=Vocab(titles),
        titles=titles,
        text={"description": tuple(text)},
        tags={"notes": tuple(notes)},
        categories={"brand": tuple(f"House {b}" for b in rng.zipf(1.5, n) % 100)},
    )


def few_users(train: Dataset, n: int = 16) -> Dataset:
    """The events of the first n users: enough to load libraries and compile kernels."""
    return train.where(train.events.user < n)
