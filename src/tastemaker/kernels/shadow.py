"""The n largest dot products of a few queries, found by a first look at whole numbers: a quarter of the bytes.

An item's vector is kept a second time as v = scale s + e with s in -127 … 127, and a query of length 1 is l = t p + f
with whole p. By Cauchy and Schwarz |l . v - t scale (p . s)| <= |e| + |f| |v - e|, the item's radius. The n-th largest
of the lower ends is a score that n items surely reach: whose upper end is not above it is never looked at again, and
the rest, some thirty of 41,000, are multiplied as they are. So the answer is exact. Cost: n_items d products of whole
numbers a query, d + 8 bytes an item.
"""

from typing import NamedTuple

import numpy as np

from ..data.arrays import Csr, Float32, Int8, Int32
from .jit import njit
from .lanes import LANES, bounds
from .topk import LOW, SLOTS, empty_lists, excluded_cells, filled_lists

_jit, _jit_fast = njit(cache=True), njit(cache=True, fastmath={"reassoc", "contract"})
WIDTH = LANES * len(SLOTS)  # items of a block
ROOM = 1024  # items that wait to be multiplied; more are multiplied early
STEPS, LARGEST = 127, 2**15 - 1
BUILD = 4096  # items turned into whole numbers at once


class Shadow(NamedTuple):
    """blocks: int8 (n_blocks, pairs, WIDTH, 2); scale, radius: float32 (n_blocks * WIDTH,)"""

    blocks: Int8
    scale: Float32
    radius: Float32


def shadow_of(items: Float32) -> Shadow | None:
    """Of vectors (n_items, d); None where one of them is not finite."""
    n, d = items.shape
    n_blocks, pairs = -(-n // WIDTH), -(-d // 2)
    blocks = np.zeros((n_blocks, pairs, WIDTH, 2), np.int8)
    scale, radius = np.zeros((2, n_blocks * WIDTH), np.float32)
    # Beside |e|: what a query's own rounding and all sums of float32 can add, in any order.
    more = np.sqrt(d) / (2 * _largest(d)) + (d + 16) * 2.0**-23
    for first in range(0, n, BUILD):
        v = np.zeros((-(-(min(first + BUILD, n) - first) // WIDTH) * WIDTH, 2 * pairs))
        mine = items[first : first + BUILD]
        if not np.isfinite(mine).all():
            return None
        v[: len(mine), :d] = mine
        size = np.maximum(np.abs(v).max(axis=1), 1e-30) / STEPS
        whole = np.rint(v / size[:, None])
        lost, length = (np.sqrt(np.square(part).sum(axis=1)) for part in (v - whole * size[:, None], v))
        here = slice(first, first + len(v))
        scale[here], radius[here] = size, lost + more * (length + lost) + 1e-30
        # (blocks, pairs, WIDTH, 2)
        blocks[first // WIDTH : first // WIDTH + len(v) // WIDTH] = whole.reshape(-1, WIDTH, pairs, 2).swapaxes(1, 2)
    return Shadow(blocks, scale, radius)


def top_of_shadow(
    queries: Float32, items: Float32, shadow: Shadow, n: int, exclude: Csr | None, banned: Int32
) -> tuple[Int32, Float32]:
    """`topk.top_of_factors` of finite queries. banned: rows that nobody may be shown, ascending."""
    q, d = queries.shape
    rows, scores = empty_lists(q, n)
    if not (q and n and len(items)):
        return filled_lists(rows, scores)
    cells = excluded_cells(exclude, q)
    _scan(np.ascontiguousarray(queries, np.float32), items, *shadow, _largest(d), *cells, banned, rows, scores)
    return filled_lists(rows, scores)


def _largest(d: int) -> int:
    """Of a query's whole numbers, so that no sum of d products leaves int32."""
    return min(LARGEST, (2**31 - 1) // (STEPS * max(d, 1)))


@_jit
def _scan(queries, items, blocks, scale, radius, largest, starts, columns, banned, rows, best):  # type: ignore[no-untyped-def]
    q, n, n_items, pairs = rows.shape[0], rows.shape[1], items.shape[0], blocks.shape[1]
    lows, waiting, uppers = np.full((q, n), LOW), np.empty((q, ROOM), np.int32), np.empty((q, ROOM), np.float32)
    count, at, room = np.zeros(q, np.int64), starts[:q].copy(), np.empty(WIDTH, np.float32)
    whole, unit, b = np.zeros((q, 2 * pairs), np.int16), np.empty(q, np.float32), 0
    for r in range(q):
        unit[r] = _whole(queries[r], largest, whole[r])
    for first in range(0, n_items, WIDTH):
        last = min(first + WIDTH, n_items)
        for r in range(q):
            least = lows[r, n - 1]
            above = bounds(
                blocks.ctypes.data + first * 2 * pairs, whole.ctypes.data + r * 4 * pairs, pairs, unit[r],
                scale.ctypes.data + 4 * first, radius.ctypes.data + 4 * first, least, room.ctypes.data, SLOTS,
            )  # fmt: skip
            while at[r] < starts[r + 1] and columns[at[r]] < last:
                room[columns[at[r]] - first] = LOW
                at[r] += 1
            if not above:
                continue
            c = b
            while c < banned.size and banned[c] < last:
                room[banned[c] - first] = LOW
                c += 1
            for k in range(last - first):
                if room[k] > least:
                    if count[r] == ROOM:
                        _settle(queries[r], items, waiting[r], uppers[r], ROOM, least, rows[r], best[r])
                        count[r] = 0
                    waiting[r, count[r]], uppers[r, count[r]] = first + k, room[k]
                    count[r] += 1
                    least = _keep(lows[r], room[k] - np.float32(2.0) * radius[first + k])
        while b < banned.size and banned[b] < last:
            b += 1
    for r in range(q):
        _settle(queries[r], items, waiting[r], uppers[r], count[r], lows[r, n - 1], rows[r], best[r])


@_jit
def _whole(query, largest, whole):  # type: ignore[no-untyped-def]
    """A query as whole numbers, and what one of them is worth if it had the length 1."""
    length, most = 0.0, 0.0
    for x in query:
        length, most = length + np.float64(x) ** 2, max(most, abs(np.float64(x)))
    if most == 0.0:
        return np.float32(0.0)
    step = most / largest
    for f in range(query.size):
        whole[f] = np.int16(np.rint(query[f] / step))
    return np.float32(step / np.sqrt(length))


@_jit
def _keep(lows, low):  # type: ignore[no-untyped-def]
    """Among the largest so far, in order; the least of them."""
    place = lows.size - 1
    if low > lows[place]:
        while place > 0 and lows[place - 1] < low:
            lows[place] = lows[place - 1]
            place -= 1
        lows[place] = low
    return lows[lows.size - 1]


@_jit_fast
def _dot(x, y):  # type: ignore[no-untyped-def]
    total = np.float32(0.0)
    for f in range(x.size):
        total += x[f] * y[f]
    return total


@_jit
def _settle(query, items, waiting, uppers, count, least, rows, best):  # type: ignore[no-untyped-def]
    """Multiply those who may still be among the best; in order of rows, so that ties go to the lower one."""
    for w in range(count):
        if not uppers[w] > least:
            continue
        score, place = _dot(query, items[waiting[w]]), best.size - 1
        if not score > best[place]:
            continue
        while place > 0 and best[place - 1] < score:
            best[place], rows[place] = best[place - 1], rows[place - 1]
            place -= 1
        best[place], rows[place] = score, waiting[w]
