"""Which items occur together: pairs of one session, list or user, weighted by how surprising it is to meet them so.

Of a pair's number of groups n and the number e that its items' frequencies alone would explain, the lift n / e of rare
items is noise. Its posterior mean under a Gamma(prior, prior) rate does not take one meeting for a miracle:

    lift = (n + prior) / (e + prior)      after DuMouchel 1999, "Bayesian Data Mining in Large Frequency Tables"
    weight = share · max(0, log2 lift)    share = Σ over groups of 1 / (neighbors that an item has there)

So long lists do not drown short ones, and what is popular, whose e is large, weighs less. Cost: sorts of n_events ·
window numbers, of which a block is held beside the pairs that are different.
"""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from ..errors import DataError, LeakError
from .arrays import Bool, Float32, Float64, Int32, Int64
from .dataset import Dataset
from .events import Events
from .split import GroupSplit, split_by_group

PRIOR = 1.0  # as much evidence for "no more often than by chance" as one group that was expected
WIDEST = 500  # places: in a longer list not everything goes with everything
MOST = 50_000_000  # meetings that are counted
BLOCK = 2_000_000  # meetings that are held before equal ones are added up


class Met(NamedTuple):
    """Two items that meet, as a n_items + b with a < b, ascending: int64 (n,); in how many groups, and their share."""

    pair: Int64
    often: Int32
    share: Float32


@dataclass(frozen=True)
class Pairs:
    """Each unordered pair once, by a then b.

    a, b:   int32 (n,), item rows, a < b
    count:  float32 (n,), groups that hold both within the window
    lift:   float32 (n,), how many times as often as chance would have it, shrunk towards 1
    weight: float32 (n,), how often a learner should look at it
    """

    a: Int32
    b: Int32
    count: Float32
    lift: Float32
    weight: Float32
    n_items: int

    def __len__(self) -> int:
        return len(self.a)

    def where(self, mask: Bool) -> "Pairs":
        cut = {name: getattr(self, name)[mask] for name in ("a", "b", "count", "lift", "weight")}
        return replace(self, **cut)

    def marginal(self) -> Float64:
        """The chance that one end of a pair drawn by weight is this item, float64 (n_items,), sums to 1."""
        total = np.bincount(self.a, self.weight, self.n_items) + np.bincount(self.b, self.weight, self.n_items)
        return np.asarray(total / max(float(total.sum()), 1e-300))


@dataclass(frozen=True)
class Apart:
    """What a learner may see and what it is watched on: no user is in both.

    fresh: bool (n_items,), items that no event of split.train speaks of
    """

    split: GroupSplit
    fresh: Bool

    def __post_init__(self) -> None:
        seen = np.flatnonzero(self.fresh[self.split.train.events.item])
        if len(seen):
            item = self.split.train.catalog.items.ids[int(self.split.train.events.item[seen[0]])]
            raise LeakError(
                f"Item {item!r} is to be new, yet {len(seen)} such events are learned from. Deal with dealt_apart()."
            )


def dealt_apart(data: Dataset, share: float, fresh: float, rng: np.random.Generator) -> Apart:
    """`share` of the users are validated on; `fresh` of the items that have events are never trained on."""
    split = split_by_group(data, "user", (1.0 - share, share, 0.0), rng)
    met = np.unique(data.events.item)
    new = np.zeros(len(data.catalog), bool)
    new[rng.choice(met, round(fresh * len(met)), replace=False)] = True
    return Apart(replace(split, train=split.train.where(~new[split.train.events.item])), new)


def pairs_of(data: Dataset, window: int = 0, gap: int = 0, prior: float = PRIOR) -> Pairs:
    """Pairs of items that somebody liked or used within `window` places of each other.

    window: places in the order of time, without repeats; 0 = the whole group, up to WIDEST; narrower where there would
            be more than MOST meetings
    gap:    seconds of silence after which another group of a user begins, where events name none; 0 = never
    """
    if window < 0 or gap < 0:
        raise DataError(f"window is {window} and gap is {gap}; give 0 for none, or numbers above.")
    events, n_items = data.events.where(data.liked()), len(data.catalog)
    group, item = _in_order(events, groups_of(events, gap), n_items)
    found = _met(group, item, _width(group, window or WIDEST), n_items)
    return _weighed(found, n_items, prior)


def groups_of(events: Events, gap: int = 0) -> Int64:
    """What each event is heard together with, int64 (n,), from 0: its group, or else its user, whose events
    are cut where nothing happens for more than `gap` seconds."""
    named = events.group >= 0
    last = np.where(named, np.unique(events.group, return_inverse=True)[1], -1)
    whole = np.where(named, last, last.max(initial=-1) + 1 + events.user).astype(np.int64)
    if gap == 0 or not len(events):
        return whole
    order = np.lexsort((events.time, whole))
    begins = np.zeros(len(order), np.int64)
    silent = (np.diff(events.time[order]) > gap) & ~named[order][1:]  # what has a name is one whatever the clock says
    far = silent | (np.diff(whole[order]) != 0)
    begins[1:] = np.cumsum(far)
    found = np.empty_like(begins)
    found[order] = begins
    return found


def _in_order(events: Events, group: Int64, n_items: int) -> tuple[Int64, Int64]:
    """Group and item, by group and then time; of an item that a group repeats the first remains."""
    order = np.lexsort((events.time, group))
    pair = group[order] * n_items + events.item[order]
    first = np.sort(np.unique(pair, return_index=True)[1])
    kept = pair[first]
    return kept // n_items, kept % n_items


def _width(group: Int64, window: int) -> int:
    """The widest window, up to this one, in which there are no more than MOST meetings."""
    size = np.bincount(group, minlength=1)

    def meetings(width: int) -> int:
        return int((size * np.minimum(width, np.maximum(size - 1, 0))).sum())

    return max(bisect_right(range(1, window + 1), MOST, key=meetings), 1)


def _met(group: Int64, item: Int64, window: int, n_items: int) -> Met:
    """Every two items that meet, place after place."""
    size = np.bincount(group, minlength=1)[group]
    share = (1.0 / np.clip(size - 1, 1, 2 * window)).astype(np.float32)
    found = [Met(np.zeros(0, np.int64), np.zeros(0, np.int32), np.zeros(0, np.float32))]
    left = np.arange(len(item))
    for step in range(1, window + 1):
        left = left[left + step < len(item)]
        left = left[group[left] == group[left + step]]  # who has no neighbor so far away has none farther
        if not len(left):
            break
        a, b = item[left], item[left + step]
        pair = np.minimum(a, b) * n_items + np.maximum(a, b)
        found.append(Met(pair, np.ones(len(left), np.int32), share[left]))
        if sum(len(part.pair) for part in found[1:]) > max(BLOCK, len(found[0].pair)):
            found = [_merged(found)]
    return _merged(found)


def _merged(parts: Sequence[Met]) -> Met:
    pair, often, share = (np.concatenate(column) for column in zip(*parts, strict=True))
    order = np.argsort(pair, kind="stable")
    pair = pair[order]
    first = np.flatnonzero(np.diff(pair, prepend=-1))
    if not len(first):
        return Met(pair, often, share)
    return Met(pair[first], np.add.reduceat(often[order], first), np.add.reduceat(share[order], first))


def _weighed(found: Met, n_items: int, prior: float) -> Pairs:
    pair, share = found.pair, found.share
    met = found.often.astype(np.float64)
    a, b = pair // n_items, pair % n_items
    often = np.bincount(a, met, n_items) + np.bincount(b, met, n_items)
    expected = often[a] * often[b] / max(float(often.sum()), 1.0)
    lift = (met + prior) / (expected + prior)
    count, shrunk, weight = (
        np.asarray(column, np.float32) for column in (met, lift, share * np.maximum(np.log2(lift), 0.0))
    )
    return Pairs(a.astype(np.int32), b.astype(np.int32), count, shrunk, weight, n_items)
