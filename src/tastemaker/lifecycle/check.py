"""What was read, before anything is learned from it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ..data.catalog import Catalog
from ..data.load_catalog import CatalogRead, load_catalog, refuse_bad_rows
from ..data.table import Table
from ..errors import DataError
from ..features.tastes import Coverage
from ..recipe import Recipe
from ..store import Import
from .check_events import Usage
from .looking import Looked


@dataclass(frozen=True)
class Checked:
    """families: name -> how many items belong to none more than to it; imports: one entry a file;

    An item of several families alike counts for each of them, and one that the lexicon knows nothing of for none.
    refusals: file -> the line and reason of each row that was refused
    unused:   columns of the catalog's file that the recipe names nowhere
    usage:    what real users did; None where nobody did anything and nothing is tied
    source:   the tables of [source] as they are now; None where the recipe has none, or nobody says where
    """

    n_items: int
    n_available: int
    columns: Mapping[str, str]
    gaps: Mapping[str, int]
    families: Mapping[str, int]
    coverage: Coverage
    imports: Sequence[Import]
    refusals: Mapping[str, Sequence[tuple[int, str]]]
    usage: Usage | None = None
    source: Looked | None = None
    unused: Sequence[str] = ()

    @classmethod
    def of(
        cls,
        catalog: Catalog,
        recipe: Recipe,
        imports: Sequence[Import],
        refusals: Mapping[str, Sequence[tuple[int, str]]],
    ) -> "Checked":
        membership = recipe.tastes.encode(catalog)
        coverage = recipe.tastes.coverage(catalog)
        best = membership.max(axis=1, initial=0.0, keepdims=True)  # (n_items, 1)
        mostly = (membership >= best - 1e-6) & ~coverage.silent[:, None]
        families = {name: int(mostly[:, f].sum()) for f, name in enumerate(recipe.tastes.names)}
        return cls(
            len(catalog),
            int(catalog.available.sum()),
            {"title": "title"} | {n: kind for kind in KINDS for n in getattr(catalog, kind)},
            gaps(catalog, recipe),
            families,
            coverage,
            imports,
            refusals,
        )


KINDS = ("text", "tags", "categories", "numbers")


def gaps(catalog: Catalog, recipe: Recipe) -> dict[str, int]:
    """our name -> how many items have nothing there."""
    missing = recipe.catalog.missing
    found: dict[str, int] = {}
    for columns in (catalog.text, catalog.categories):
        found |= {n: sum(v in ("", missing.get(n)) for v in column) for n, column in columns.items()}
    found |= {n: sum(not tags for tags in column) for n, column in catalog.tags.items()}
    return found | {n: int(np.isnan(column).sum()) for n, column in catalog.numbers.items()}


def check_catalog(table: Table, recipe: Recipe, skip_bad_rows: bool) -> CatalogRead:
    """The catalog of a table; DataError for bad rows that nobody asked to skip."""
    read = load_catalog(table, recipe.catalog)
    if not skip_bad_rows:
        refuse_bad_rows(table, read.refused)
    return read


def check_trainable(catalog: Catalog, recipe: Recipe) -> None:
    """DataError unless there is something to learn from; names what is missing and the fix."""
    if len(catalog) < 2:
        raise DataError(
            f"The catalog has {len(catalog)} item{'s' * (len(catalog) != 1)}; learning what is preferred to what needs "
            "two. Add items with: tastemaker import --catalog FILE"
        )
    if not invents_tastes(recipe):
        raise DataError(_instead(recipe))
    if not recipe.tastes.knows(catalog):
        raise DataError(
            f"None of the {len(catalog)} items has a word that [tastes.families] of recipe.toml knows, so nothing "
            "tells them apart. Give the catalog tags or text, or add its words to the families."
        )


def invents_tastes(recipe: Recipe) -> bool:
    """Can users be invented who have tastes, to learn from and to judge by?"""
    return bool(recipe.tastes.names and recipe.synth.archetypes)


def _instead(recipe: Recipe) -> str:
    """What to do where nobody with tastes can be invented."""
    if recipe.life.users:
        return (
            "The models of this recipe learn from days that people live. Invent some: tastemaker synthesize; or import "
            "what users did: tastemaker import FILE. Then run: tastemaker train"
        )
    if all(model.learns != "tastes" for model in recipe.models.values()):
        return (
            "The models of this recipe learn from what users do, not from stated tastes. Import it: tastemaker import "
            "FILE. Then run: tastemaker train"
        )
    return (
        "The recipe has no [tastes.families] or no [synth.archetypes], so no user can be invented. Add them to "
        "recipe.toml, or import real events and run: tastemaker train"
    )
