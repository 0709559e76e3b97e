"""What was known before: for events to be foretold, the history that their user had at that moment."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
from scipy.sparse import csr_array

from .arrays import UNKNOWN, Bool, Csr, Float32, Int64, csr, empty_csr
from .context import LAST, PLACE, RECENT, blocks_of, column, names_of, recent
from .dataset import Dataset
from .query import Batch

BLOCK = 4096  # events whose histories are held at once


def known_before(
    data: Dataset, asked: Int64, until: int | None = None, most: int | None = None, repeats: bool = False
) -> Iterator[tuple[Int64, Batch]]:
    """Blocks of the events `asked` (positions in `data`), each with what their users had done strictly earlier.

    Histories are signed preferences and their times, the latest of each item, without the item that is asked for:
    whoever revises a grade shall not be told the old one. until: nothing from this moment on is known, as to a model
    that is not told. most: only so many of the latest events of each user are known. repeats: the item asked for stays
    in the history, where it may be chosen again: what is missing there would tell which one is asked for
    What surrounded the events asked is part of the queries, and what surrounded the last ones before ("recent …").
    Cost: O(sum of the histories' lengths).
    """
    events, signed = data.events, data.signed()
    order = np.lexsort((events.time, events.user))  # each user's events in time
    user, item, time = events.user[order], events.item[order], events.time[order]
    starts = np.searchsorted(user, np.arange(len(data.users) + 1))
    replaced = _replaced(user, item)
    keys = _moments(user, time)
    horizon = np.iinfo(np.int64).max if until is None else until
    for begin in range(0, len(asked), BLOCK):
        rows = asked[begin : begin + BLOCK]
        mine = events.user[rows]
        first = starts[mine]
        last = np.searchsorted(keys, _moments(mine, np.minimum(events.time[rows], horizon)), side="left")
        if most is not None:
            first = np.maximum(first, last - most)
        n = last - first
        q = np.repeat(np.arange(len(rows)), n)
        place = np.arange(len(q)) - np.repeat(np.cumsum(n) - n, n) + first[q]  # positions in `order`
        kept = (replaced[place] >= last[q]) & (repeats | (item[place] != events.item[rows][q]))
        shape = (len(rows), len(data.catalog))
        cells = (q[kept], item[place[kept]])
        history = csr(*cells, signed[order[place[kept]]], shape)
        when = csr_array((time[place[kept]], cells), shape=shape)
        when.sort_indices()
        context = _context(data, rows, order, np.maximum(starts[mine], last - LAST), last)
        yield rows, replace(_batch(data, history, when, rows), context=context)


def first_contacts(data: Dataset, within: int = 3600) -> Bool:
    """Which events are no mere sequel of the same user's event with the same item, at most so many seconds before."""
    e = data.events
    order = np.lexsort((np.arange(len(e)), e.time, e.item, e.user))
    same = (e.user[order][1:] == e.user[order][:-1]) & (e.item[order][1:] == e.item[order][:-1])
    soon = e.time[order][1:] - e.time[order][:-1] <= within
    found = np.ones(len(e), bool)
    found[order[1:][same & soon]] = False
    return found


def _context(data: Dataset, rows: Int64, order: Int64, first: Int64, last: Int64) -> dict[str, Float32]:
    """Columns of the events asked, and of those at first … last - 1 in `order`, user by user in time."""
    context = data.events.context
    found, names = {name: values[rows] for name, values in context.items()}, names_of(context)
    for block, values in blocks_of(context, order).items():
        if block != PLACE:
            before = recent(values, first, last)
            found |= {column(RECENT + block, name): before[:, k] for k, name in enumerate(names[block])}
    return found


def _batch(data: Dataset, history: Csr, when: Csr, rows: Int64) -> Batch:
    events = data.events
    return Batch(
        positives=empty_csr(*history.shape),
        ratings=history,
        user=np.full(len(rows), UNKNOWN, np.int32),
        profile=data.profiles[events.user[rows]],
        now=events.time[rows],
        when=when,
    )


def _replaced(user: np.ndarray, item: np.ndarray) -> Int64:
    """For each event, in order, the position of the next one of the same user and item; a large number = none."""
    found = np.full(len(user), np.iinfo(np.int64).max)
    pairs = np.lexsort((np.arange(len(user)), item, user))
    same = (user[pairs][1:] == user[pairs][:-1]) & (item[pairs][1:] == item[pairs][:-1])
    found[pairs[:-1][same]] = pairs[1:][same]
    return found


def _moments(user: np.ndarray, time: Int64) -> np.ndarray:
    """User and time as one sortable thing."""
    found = np.empty(len(user), [("user", np.int64), ("time", np.int64)])
    found["user"], found["time"] = user, time
    return found
