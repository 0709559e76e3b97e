"""What surrounds an event or a query: a named block of numbers, such as a distribution over labels, or a place.

In Events and in a Batch a block is columns "block:name", float32 (n,) each, NaN = not said: who reads one picks the
names that they know, so that labels may be renamed, added and taken away.
"""

from collections.abc import Mapping, Sequence
from zlib import crc32

import numpy as np

from .arrays import Float32, Int64

RECENT = "recent "  # "recent BLOCK": the mean of a block over the last events of the same user
LAST = 5  # events that are recent
PLACE, CODE = "place", "code"


def column(block: str, name: str) -> str:
    """The name that a number of a block has among the columns of events."""
    return f"{block}:{name}"


def place_code(place: str) -> float:
    """A place as a number that float32 holds exactly; 0 = no place is named."""
    name = place.strip().casefold()
    return float((crc32(name.encode()) & 0x7FFFFF) + 1) if name else 0.0


def place_context(place: str) -> dict[str, dict[str, float]]:
    """The block of a query that says where; {} = nobody says."""
    return {PLACE: {CODE: place_code(place)}} if place.strip() else {}


def columns_of(context: Mapping[str, Mapping[str, float]]) -> dict[str, float]:
    """What an event keeps of the blocks of a query: all that was said, nothing of what was before."""
    said = {block: values for block, values in context.items() if not block.startswith(RECENT)}
    return {column(block, name): value for block, values in said.items() for name, value in values.items()}


def named(context: Mapping[str, Float32], block: str, names: Sequence[str], n: int) -> Float32:
    """Shares of these names of a block, float32 (n, len(names)), rows of sum 1; NaN where none of them is said."""
    nothing = np.zeros(n, np.float32)
    found = np.stack([nothing, *(context.get(column(block, name), nothing) for name in names)], axis=1)[:, 1:]
    found = np.maximum(np.nan_to_num(found), 0.0)
    total = found.sum(axis=1, keepdims=True)
    with np.errstate(invalid="ignore"):
        return np.asarray(found / np.where(total > 0, total, np.nan), np.float32)


def blocks_of(context: Mapping[str, Float32], rows: Int64) -> dict[str, Float32]:
    """The blocks of these events, float32 (n, d) each, in the order of their `names_of`; NaN where nothing was said."""
    return {
        block: np.stack([context[column(block, name)][rows] for name in names], axis=1)
        for block, names in names_of(context).items()
    }


def names_of(context: Mapping[str, Float32]) -> dict[str, list[str]]:
    """Block -> its names, sorted."""
    names: dict[str, list[str]] = {}
    for full in sorted(context):
        block, _, name = full.partition(":")
        names.setdefault(block, []).append(name)
    return names


def recent(block: Float32, first: Int64, last: Int64) -> Float32:
    """The mean of the rows first … last - 1 of a block (n, d) that say something, float32 (q, d); NaN = none does.

    What such a row leaves out is 0: a name that came later was not said.
    """
    said = np.asarray(~np.isnan(block).all(axis=1))
    total = np.vstack([np.zeros((1, block.shape[1])), np.cumsum(np.nan_to_num(block), axis=0)])
    count = np.concatenate([[0], np.cumsum(said)])
    n = (count[last] - count[first])[:, None]
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray((total[last] - total[first]) / n, np.float32)


def lately(context: Mapping[str, Float32]) -> dict[str, dict[str, float]]:
    """What surrounded the last of one user's events, which are in order of time, as blocks of a query."""
    late = {name: values[-LAST:] for name, values in context.items()}
    n, found, names = len(next(iter(late.values()), ())), dict[str, dict[str, float]](), names_of(late)
    for block, values in blocks_of(late, np.arange(n)).items():
        row = recent(values, np.array([0]), np.array([n]))[0].tolist()
        if block != PLACE and row[0] == row[0]:
            found[RECENT + block] = dict(zip(names[block], row, strict=True))
    return found
