"""Items on a map: their numbers, standardized, seen from the two directions in which they differ most."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from ...data.arrays import UNKNOWN, Float64
from ...data.catalog import Catalog
from .. import words
from .plot import Row

MOST = 1500  # items that are drawn behind those that are named
Columns = dict[str, list[Any]]  # title, x, y and what it is, of items


@dataclass(frozen=True)
class Map:
    """at: float64 (n_items, 2), in standard deviations; axes: what each axis is made of; said: share of the variance"""

    at: Float64
    axes: tuple[str, str]
    said: float


def map_of(catalog: Catalog) -> Map:
    """Principal components of the number columns (Pearson 1901), by SVD; a missing number is the mean."""
    names = list(catalog.numbers)
    x = np.column_stack([catalog.numbers[name] for name in names]).astype(np.float64)
    mean = np.nan_to_num(np.nanmean(np.where(np.isnan(x).all(axis=0), 0.0, x), axis=0))
    x = np.where(np.isnan(x), mean, x)
    scale = x.std(axis=0)
    z = (x - x.mean(axis=0)) / np.where(scale > 0, scale, 1.0)
    _, size, directions = np.linalg.svd(z, full_matrices=False)
    total = float((size**2).sum())
    axes = tuple(_axis(names, direction) for direction in directions[:2])
    return Map(z @ directions[:2].T, (axes[0], axes[1]), float((size[:2] ** 2).sum() / total) if total else 0.0)


def _axis(names: list[str], direction: Float64) -> str:
    """The numbers that matter most in a direction, with their signs."""
    strongest = np.argsort(-np.abs(direction))[:2]
    return ", ".join(
        (words.MAP_MORE if direction[k] > 0 else words.MAP_LESS).format(name=names[k].replace("_", " "))
        for k in strongest
        if abs(direction[k]) > 0.1
    )


def others_on(catalog: Catalog, found: Map) -> Columns:
    """Evenly spread items, behind those that are named: the same whoever looks, so that only those are drawn anew."""
    n = len(catalog)
    rows = np.unique(np.linspace(0, n - 1, min(n, MOST)).astype(int)).tolist()
    return _columns(catalog, found, dict.fromkeys(rows, words.MAP_OTHER))


def named_on(catalog: Catalog, found: Map, listed: Collection[str], liked: Collection[str]) -> Columns:
    """What is listed and liked."""
    named = {int(r): words.MAP_LISTED for r in catalog.items.rows(listed) if r != UNKNOWN}
    named |= {int(r): words.MAP_LIKED for r in catalog.items.rows(liked) if r != UNKNOWN}
    return _columns(catalog, found, named)


def _columns(catalog: Catalog, found: Map, what: Mapping[int, str]) -> Columns:
    rows = list(what)
    x, y = found.at[rows].round(3).T.tolist()
    return {"title": [catalog.titles[r] for r in rows], "x": x, "y": y, "what": list(what.values())}


def rows_of(*parts: Columns) -> list[Row]:
    """A row an item; what a later part says of one that is in two of them counts."""
    rows = [dict(zip(part, values, strict=True)) for part in parts for values in zip(*part.values(), strict=True)]
    return list({(row["title"], row["x"], row["y"]): row for row in rows}.values())
