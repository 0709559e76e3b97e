"""Recipes: a domain as data. Only this room, lifecycle and cli know them."""

from ..synth.samples import Sample
from .guess import Guess, guess
from .read import Judgement, Recipe, Rules, find_recipe, read_recipe, recipe_names, resolve

__all__ = [
    "Guess",
    "Judgement",
    "Recipe",
    "Rules",
    "Sample",
    "find_recipe",
    "guess",
    "read_recipe",
    "recipe_names",
    "resolve",
]
