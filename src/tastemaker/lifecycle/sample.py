"""A file for those who have none yet: the recipe's sample catalog, invented on the spot."""

from pathlib import Path

from ..errors import RecipeError
from ..recipe import find_recipe, read_recipe
from ..synth.samples import as_csv, sample_catalog
from .candidates import stream


def sample_file(recipe: str, path: Path, seed: int) -> Path:
    """Write the sample catalog of a recipe as CSV; the same seed writes the same file."""
    chosen = read_recipe(find_recipe(recipe))
    if not chosen.sample.nouns:
        raise RecipeError(f"The recipe {chosen.name!r} has no [sample], so no catalog can be invented for it.")
    catalog = sample_catalog(chosen.sample, chosen.tastes, chosen.catalog, stream(seed, "sample"))
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(as_csv(catalog, chosen.catalog), "utf-8")
    return path
