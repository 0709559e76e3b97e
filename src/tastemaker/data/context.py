"""What surrounds an event or a query: a named block of numbers, such as a distribution over labels, or a place.

In Events a block is columns "block:name"; in a Batch it is float32 (q, d), its columns in the order of their names.
"""

from collections.abc import Mapping
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


def blocks_of(context: Mapping[str, Float32], rows: Int64) -> dict[str, Float32]:
    """The blocks of these events, float32 (n, d) each; NaN where nothing was said."""
    names: dict[str, list[str]] = {}
    for full in sorted(context):
        names.setdefault(full.partition(":")[0], []).append(full)
    return {block: np.stack([context[full][rows] for full in each], axis=1) for block, each in names.items()}


def recent(block: Float32, first: Int64, last: Int64) -> Float32:
    """The mean of the rows first … last - 1 of a block (n, d) that say something, float32 (q, d); NaN = none does."""
    said = np.asarray(~np.isnan(block).any(axis=1))
    total = np.vstack([np.zeros((1, block.shape[1])), np.cumsum(np.where(said[:, None], block, 0.0), axis=0)])
    count = np.concatenate([[0], np.cumsum(said)])
    n = (count[last] - count[first])[:, None]
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray((total[last] - total[first]) / n, np.float32)
