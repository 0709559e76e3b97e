"""What a fallback chain says of items before anything became of them: value, chance, and their place in the catalog."""

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from ..data.arrays import Bool, Csr, Float32, Float64, Int32, Int64
from ..data.query import Batch
from ..recommender import Level, Recommender

PLACED = 20_000  # items at most that a place is counted among; of larger catalogs evenly spread ones
BLOCK = 1 << 23  # scores held at once


class Foreseen(NamedTuple):
    """Entries a query: value, chance float32 (q,), NaN = nobody can say; level int32 (q,), -1 = none; known int32 (q,),
    items of the query's history; place float64 (q,), share of the catalog that the level ranks above the item."""

    value: Float32
    chance: Float32
    level: Int32
    known: Int32
    place: Float64


def joined(parts: Sequence[Foreseen], order: Int64) -> Foreseen:
    """All parts as one, its entries in this order."""
    value, chance, level, known, place = (np.concatenate(columns)[order] for columns in zip(*parts, strict=True))
    return Foreseen(value, chance, level, known, place)


def foresee(recommender: Recommender, batch: Batch, items: Int32) -> Foreseen:
    """items: int32 (q,) rows, one a query; what the query itself says of its item is not told."""
    when = None if batch.when is None else _without(batch.when, items)
    positives, ratings = _without(batch.positives, items), _without(batch.ratings, items)
    batch = replace(batch, positives=positives, ratings=ratings, when=when)
    said, level = recommender.predict(batch, items[:, None])
    evidence = batch.evidence()
    parts = [np.zeros(0)]
    step = max(1, BLOCK // max(1, min(len(recommender.catalog), PLACED)))
    for start in range(0, len(batch), step):
        block = slice(start, start + step)
        parts.append(_places(recommender, batch.take(block), items[block], level[block, 0], evidence[block]))
    known = np.diff(evidence.indptr).astype(np.int32)
    return Foreseen(said.value[:, 0], said.like[:, 0], level[:, 0], known, np.concatenate(parts))


def _places(recommender: Recommender, batch: Batch, items: Int32, level: Int32, evidence: Csr) -> Float64:
    """By the level that predicted, or the first that can rank the item at all. Writes the latter into `level`."""
    found = np.full(len(batch), np.nan)
    for at, one in enumerate(recommender.levels):
        rows = np.flatnonzero((level == at) | ((level < 0) & np.isnan(found)))
        if len(rows):
            found[rows] = _among(one, recommender, batch.take(rows), items[rows], evidence[rows])
            level[rows] = np.where(np.isnan(found[rows]) & (level[rows] != at), -1, at)
    return found


def _among(level: Level, recommender: Recommender, batch: Batch, items: Int32, evidence: Csr) -> Float64:
    """Share of the available items, without what the user knows, that score above the item; ties count half."""
    pool = _pool(recommender.catalog.available)
    whole = len(pool) == len(recommender.catalog)
    try:
        scores = level.scorer.score(batch, None if whole else pool).copy()  # (q, pool)
        own = scores[np.arange(len(items)), items] if whole else level.scorer.score(batch, items[:, None])[:, 0]
    except Exception as error:
        recommender.on_failure(f"{level.name} (version {level.version}), ranking: {error!r}")
        return np.full(len(items), np.nan)
    if not recommender.repeat:
        scores[(evidence if whole else evidence[:, pool]).nonzero()] = np.nan
    scores[pool[None] == items[:, None]] = np.nan
    if whole:
        scores[:, ~recommender.catalog.available] = np.nan
    above, equal = (scores > own[:, None]).sum(axis=1), (scores == own[:, None]).sum(axis=1)
    others = (~np.isnan(scores)).sum(axis=1)
    share = (above + 0.5 * equal) / np.maximum(others, 1)
    return np.where(np.isnan(own), np.nan, share)


def _pool(available: Bool) -> Int32:
    if len(available) <= PLACED:
        return np.arange(len(available), dtype=np.int32)
    there = np.flatnonzero(available).astype(np.int32)
    return there[np.linspace(0, len(there) - 1, min(PLACED, len(there))).astype(np.int64)]


def _without(matrix: Csr, items: Int32) -> Csr:
    """csr (q, n_items) without the cell of each row's item."""
    row = np.repeat(np.arange(len(items)), np.diff(matrix.indptr))
    kept = matrix.indices != items[row]
    starts = np.concatenate([[0], np.cumsum(kept)])[matrix.indptr]
    return type(matrix)((matrix.data[kept], matrix.indices[kept], starts), shape=matrix.shape)
