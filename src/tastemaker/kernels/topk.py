"""The n best items of many queries, compiled: scores are made block by block, and only the best are ever kept.

Ties go to the lower row; an item whose score is NaN is never chosen. One thread an answer, no thread waits for another.
"""

import numpy as np
from numba import config

from ..data.arrays import UNKNOWN, Bool, Csr, Float32, Int32, Int64
from .jit import get_num_threads, njit, prange
from .lanes import LANES, any_above

_jit, _jit_threads = njit(cache=True), njit(cache=True, parallel=True)
_inline = njit(inline="always")
QUERIES, ITEMS = 512, 768  # scored at once by one thread: as many as a matrix product likes, 1.5 MB
SLOTS = (0, 1, 2, 3)  # registers of scores looked at together: most hold none that is good enough
CHUNK = len(SLOTS) * LANES
SHARED = 1 << 20  # numbers in the items' matrix from which on a single query is shared among threads
PARTS = 8  # that work is cut into at least, however many threads there are: the bytes must not depend on it
TOGETHER = 32  # queries of a block at least: a product of four rows takes three times as long a row
LOW = np.float32(-np.inf)


def top_of_factors(
    queries: Float32, items: Float32, n: int, exclude: Csr | None = None, allowed: Bool | None = None
) -> tuple[Int32, Float32]:
    """The n largest dot products of each query: queries (q, d), items (n_items, d) -> rows (q, n), scores (q, n).

    exclude: csr (q, n_items), stored non-zeros are left out; allowed: bool (n_items,). -1 and NaN where too few.
    BLAS threads should be off (kernels.threads): each thread multiplies its own block.
    """
    q, n_items = len(queries), len(items)
    rows, scores = empty_lists(q, n)
    if not (q and n and n_items):
        return filled_lists(rows, scores)
    starts, columns = excluded_cells(exclude, q)
    banned = banned_rows(allowed, n_items)
    queries, items = np.ascontiguousarray(queries, np.float32), np.ascontiguousarray(items, np.float32)
    if q == 1:
        parts = PARTS if items.size >= SHARED else 1
        alone = config.NUMBA_NUM_THREADS == 1  # type: ignore[attr-defined]  # to ask numba would start its threads
        if alone or get_num_threads() == 1:
            _alone(queries[0], items, starts, columns, banned, parts, rows[0], scores[0])
            return filled_lists(rows, scores)
        found, values = empty_lists(parts, n)
        _one(queries[0], items, starts, columns, banned, found, values)
        _merge(found, values, rows[0], scores[0])
    else:
        size = min(QUERIES, max(TOGETHER, -(-q // PARTS)))
        _blocks(queries, items, starts, columns, banned, rows, scores, size)
    return filled_lists(rows, scores)


def top_of_scores(
    scored: Float32, n: int, exclude: Csr | None = None, allowed: Bool | None = None
) -> tuple[Int32, Float32]:
    """The n best of each row of scores (q, n_items), NaN = cannot say; as `top_of_factors` else. Changes `scored`."""
    q, n_items = scored.shape
    rows, scores = empty_lists(q, n)
    if not (q and n and n_items):
        return filled_lists(rows, scores)
    starts, columns = excluded_cells(exclude, q)
    kernel = _few_given if q <= TOGETHER else _given
    kernel(np.ascontiguousarray(scored, np.float32), starts, columns, banned_rows(allowed, n_items), rows, scores)
    return filled_lists(rows, scores)


def empty_lists(q: int, n: int) -> tuple[Int32, Float32]:
    return np.full((q, n), UNKNOWN, np.int32), np.full((q, n), LOW, np.float32)


def filled_lists(rows: Int32, scores: Float32) -> tuple[Int32, Float32]:
    if rows.size and rows[:, -1].min() < 0:  # lists are filled from the front
        scores[rows < 0] = np.nan
    return rows, scores


def excluded_cells(exclude: Csr | None, q: int) -> tuple[Int64, Int32]:
    """starts (q + 1,) and columns, ascending in each row, of the stored non-zeros."""
    if exclude is None:
        return np.zeros(q + 1, np.int64), np.zeros(0, np.int32)
    if not exclude.has_sorted_indices:
        exclude = exclude.sorted_indices()
    columns, starts = exclude.indices, exclude.indptr
    if exclude.data.size and not exclude.data.all():
        kept = exclude.data != 0
        starts = np.concatenate([[0], np.cumsum(kept)])[starts]
        columns = columns[kept]
    return starts.astype(np.int64, copy=False), columns.astype(np.int32, copy=False)


def banned_rows(allowed: Bool | None, n_items: int) -> Int32:
    """Rows that nobody may be shown, ascending."""
    return np.zeros(0, np.int32) if allowed is None else np.flatnonzero(~allowed).astype(np.int32)


@_inline
def _offer(scores, at, first, size, rows, best, slots):  # type: ignore[no-untyped-def]
    """Put scores[at : at + size], of the items first …, into the sorted list (rows, best) where they are better."""
    n, base = best.size, scores.ctypes.data
    threshold = best[n - 1]
    for c in range(at, at + size, CHUNK):
        end = min(c + CHUNK, at + size)
        if end - c == CHUNK and not any_above(base + 4 * c, threshold, slots):
            continue
        for k in range(c, end):
            s = scores[k]
            if s > threshold:  # NaN is not
                place = n - 1
                while place > 0 and best[place - 1] < s:
                    best[place], rows[place] = best[place - 1], rows[place - 1]
                    place -= 1
                best[place], rows[place] = s, first + k - at
                threshold = best[n - 1]


@_jit_threads
def _blocks(queries, items, starts, columns, banned, rows, best, size):  # type: ignore[no-untyped-def]
    q, n_items = queries.shape[0], items.shape[0]
    for block in prange(-(-q // size)):
        low, high = block * size, min((block + 1) * size, q)
        mine = queries[low:high]
        room = np.empty((high - low) * ITEMS, np.float32)
        at = starts[low:high].copy()  # of each query, the first excluded item that is not behind us
        b = 0
        for first in range(0, n_items, ITEMS):
            last = min(first + ITEMS, n_items)
            width = last - first
            scores = room[: (high - low) * width].reshape(high - low, width)
            np.dot(mine, items[first:last].T, scores)
            c = b
            for r in range(high - low):
                c = b
                while c < banned.size and banned[c] < last:
                    scores[r, banned[c] - first] = LOW
                    c += 1
                while at[r] < starts[low + r + 1] and columns[at[r]] < last:
                    scores[r, columns[at[r]] - first] = LOW
                    at[r] += 1
                _offer(room, r * width, first, width, rows[low + r], best[low + r], SLOTS)
            b = c


@_inline
def _share(query, items, starts, columns, banned, part, parts, rows, best):  # type: ignore[no-untyped-def]
    """Put the best of one of `parts` shares of the items into the list (rows, best)."""
    n_items, room = items.shape[0], np.empty(ITEMS, np.float32)
    begin, end = part * n_items // parts, (part + 1) * n_items // parts
    at, b = np.searchsorted(columns, begin), np.searchsorted(banned, begin)
    for first in range(begin, end, ITEMS):
        last = min(first + ITEMS, end)
        np.dot(items[first:last], query, room[: last - first])
        while b < banned.size and banned[b] < last:
            room[banned[b] - first] = LOW
            b += 1
        while at < starts[1] and columns[at] < last:
            room[columns[at] - first] = LOW
            at += 1
        _offer(room, 0, first, last - first, rows, best, SLOTS)


@_jit_threads
def _one(query, items, starts, columns, banned, rows, best):  # type: ignore[no-untyped-def]
    """A list for each share of the items: rows, best (parts, n)."""
    for part in prange(rows.shape[0]):
        _share(query, items, starts, columns, banned, part, rows.shape[0], rows[part], best[part])


@_jit
def _alone(query, items, starts, columns, banned, parts, rows, best):  # type: ignore[no-untyped-def]
    """The same shares one after the other, into one list: what is no better than the first n is never looked at."""
    for part in range(parts):
        _share(query, items, starts, columns, banned, part, parts, rows, best)


@_jit
def _merge(found, values, rows, best):  # type: ignore[no-untyped-def]
    """The n best of the shares' lists, in order of the shares, so that ties go to the lower row."""
    n, heads = best.size, np.zeros(len(found), np.int64)
    for k in range(n):
        first = -1
        for part in range(len(found)):
            if heads[part] == n or found[part, heads[part]] < 0:
                continue
            if first < 0 or values[part, heads[part]] > values[first, heads[first]]:
                first = part
        if first < 0:
            return
        rows[k], best[k] = found[first, heads[first]], values[first, heads[first]]
        heads[first] += 1


@_jit_threads
def _given(scored, starts, columns, banned, rows, best):  # type: ignore[no-untyped-def]
    for r in prange(scored.shape[0]):
        _row(scored[r], starts[r], starts[r + 1], columns, banned, rows[r], best[r])


@_jit
def _few_given(scored, starts, columns, banned, rows, best):  # type: ignore[no-untyped-def]
    """Without threads, whose library a service need not load."""
    for r in range(scored.shape[0]):
        _row(scored[r], starts[r], starts[r + 1], columns, banned, rows[r], best[r])


@_inline
def _row(room, begin, end, columns, banned, rows, best):  # type: ignore[no-untyped-def]
    for b in banned:
        room[b] = LOW
    for e in range(begin, end):
        room[columns[e]] = LOW
    _offer(room, 0, 0, room.size, rows, best, SLOTS)
