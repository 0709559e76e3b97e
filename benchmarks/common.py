"""What learners are compared on: a catalog, its features, invented users to learn from and others to be judged on."""

from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Literal

import numpy as np

from tastemaker.data.case import Case
from tastemaker.data.catalog import Catalog
from tastemaker.data.dataset import Dataset
from tastemaker.data.features import TASTES, Features
from tastemaker.data.load_catalog import load_catalog
from tastemaker.data.read import read_table
from tastemaker.features.build import build_features
from tastemaker.recipe import Recipe
from tastemaker.synth.cases import user_cases
from tastemaker.synth.samples import Sample, sample_catalog
from tastemaker.synth.users import as_dataset, draw_rankings, draw_tastes
from tastemaker.watch import Watch

Encoder = Literal["lsa", "word2vec"]
N_ITEMS = 2000  # of an invented catalog


@dataclass(frozen=True)
class World:
    """train: rankings of invented users who state their tastes; cases: users and lists that nobody learned from."""

    catalog: Catalog
    features: Features
    train: Dataset
    cases: list[Case]


def build_world(recipe: Recipe, data: Path | None, encoder: Encoder, seed: int) -> World:
    catalog = sample_of(recipe, seed) if data is None else load_catalog(read_table(data), recipe.catalog).catalog
    settings = replace(recipe.features, text=replace(recipe.features.text, encoder=encoder))
    features = build_features(catalog, settings, recipe.tastes, seed, Watch())
    rng, synth = np.random.default_rng(seed), recipe.synth
    tastes, _ = draw_tastes(synth, features.tastes, synth.users, rng)
    rankings = draw_rankings(tastes, features.block(TASTES), synth.rankings, synth.ranking_noise, rng)
    train = as_dataset(rankings, tastes, features.tastes, catalog, recipe.scales["ranking"])
    return World(catalog, features, train, user_cases(synth, features, recipe.judge.users, rng))


def sample_of(recipe: Recipe, seed: int) -> Catalog:
    sample = Sample(**{**asdict(recipe.sample), "items": N_ITEMS})
    return sample_catalog(sample, recipe.tastes, recipe.catalog, np.random.default_rng(seed))


def few_users(train: Dataset, n: int = 16) -> Dataset:
    """The events of the first n users: enough to load libraries and compile kernels."""
    return train.where(train.events.user < n)
