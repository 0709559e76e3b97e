"""What a query says of items, as rows of matrices; and histories that are encoded once, however often they are asked
for."""

from collections.abc import Mapping, Sequence
from itertools import accumulate
from typing import NamedTuple

import numpy as np

from .arrays import Csr, Float32, Int32, Int64, csr_beside, csr_sorted
from .query import Query
from .vocab import Vocab


class Row(NamedTuple):
    """columns: ascending; times: UTC seconds, 0 = unknown"""

    columns: Int32
    values: Float32
    times: Int64


class Remembered(dict[str, float]):
    """The ratings of a query, and their row among the items it was made for."""

    row: tuple[Vocab, Mapping[str, int], Row] | None = None


def remembered(ratings: Mapping[str, float], when: Mapping[str, int], items: Vocab) -> Remembered:
    """For a Query whose `when` is this very one; `ratings_of` knows it again."""
    found = Remembered(ratings)
    found.row = (items, when, _row(ratings, when, items))
    return found


def ratings_of(queries: Sequence[Query], items: Vocab) -> tuple[Csr, Csr | None]:
    """Ratings, csr (q, n_items), and when each was given, csr int64 of the same cells; None when no query says.

    Ids that nobody knows are left out.
    """
    rows = [_known(query, items) for query in queries]
    columns, values, times = rows[0] if len(rows) == 1 else Row(*map(np.concatenate, zip(*rows, strict=True)))
    starts = np.array([0, *accumulate(len(row.columns) for row in rows)], np.int32)
    ratings = csr_sorted(starts, columns, values, len(items))
    return ratings, csr_beside(ratings, times) if any(query.when for query in queries) else None


def marks_of(rows: Sequence[Sequence[str]], items: Vocab) -> Csr:
    """1 for every id, csr (q, n_items)."""
    return ratings_of([Query(ratings=dict.fromkeys(row, 1.0)) for row in rows], items)[0]


def _known(query: Query, items: Vocab) -> Row:
    kept = query.ratings.row if isinstance(query.ratings, Remembered) else None
    if kept is not None and kept[0] is items and kept[1] is query.when:
        return kept[2]
    return _row(query.ratings, query.when, items)


def _row(ratings: Mapping[str, float], when: Mapping[str, int], items: Vocab) -> Row:
    columns = items.rows(ratings)
    kept = np.flatnonzero(columns >= 0)
    kept = kept[np.argsort(columns[kept], kind="stable")]
    values = np.fromiter(ratings.values(), np.float32, len(ratings))
    times = np.fromiter((when.get(id_, 0) for id_ in ratings), np.int64, len(ratings))
    return Row(columns[kept], values[kept], times[kept])
