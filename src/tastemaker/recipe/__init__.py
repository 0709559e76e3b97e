"""Recipes: a domain as data. Only this room, lifecycle and cli know them."""

from ..synth.samples import Sample
from .guess import Guess, guess
from .read import Judgement, Recipe, Rules, find_recipe, first_sample, read_recipe, recipe_names, resolve
from .retraining import Guards, Retraining

__all__ = [
    "Guards",
    "Guess",
    "Judgement",
    "Recipe",
    "Retraining",
    "Rules",
    "Sample",
    "find_recipe",
    "first_sample",
    "guess",
    "read_recipe",
    "recipe_names",
    "resolve",
]
