"""Recipes: a domain as data. Only this room, lifecycle and cli know them."""

from ..synth.samples import Sample
from .read import Judgement, Recipe, Rules, find_recipe, read_recipe, recipe_names, resolve

__all__ = ["Judgement", "Recipe", "Rules", "Sample", "find_recipe", "read_recipe", "recipe_names", "resolve"]
