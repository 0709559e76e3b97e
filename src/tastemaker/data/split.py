"""Train, valid, test: a split that breaks its own promise cannot be built.

By the clock where events have a time: cut once for everybody, so that nobody's future is anybody's training data (Ji
et al. 2023, TOIS, "A Critical Study on Data Leakage in Recommender System Offline Evaluation"). By groups, or as
published, where they have none.
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from itertools import combinations, pairwise
from typing import Literal

import numpy as np

from ..errors import DataError, LeakError
from .arrays import Int32, Int64
from .dataset import Dataset
from .events import Events

By = Literal["user", "item", "group"]
END_OF_TIME = int(np.iinfo(np.int64).max)


@dataclass(frozen=True)
class Split(ABC):
    """Three parts of one past; all speak of the same users and the same items."""

    train: Dataset
    valid: Dataset
    test: Dataset

    def __post_init__(self) -> None:
        for name, part in self.parts().items():
            if (part.users, part.catalog.items) != (self.train.users, self.train.catalog.items):
                raise DataError(f"{name} speaks of other users or items than train. Cut the parts from one Dataset.")
        self._check()

    def parts(self) -> dict[str, Dataset]:
        return {"train": self.train, "valid": self.valid, "test": self.test}

    def past(self) -> Dataset:
        """train and valid together: what a model learns from that is judged on test."""
        return replace(self.train, events=_joined(self.train.events, self.valid.events))

    @abstractmethod
    def _check(self) -> None:
        """LeakError when the split's own promise is broken."""


@dataclass(frozen=True)
class TimeSplit(Split):
    """train < valid_from <= valid < test_from <= test, in UTC seconds."""

    valid_from: int
    test_from: int

    def _check(self) -> None:
        bounds = (int(np.iinfo(np.int64).min), self.valid_from, self.test_from, END_OF_TIME)
        for (name, part), (start, end) in zip(self.parts().items(), pairwise(bounds), strict=True):
            if start > end:
                raise LeakError(f"{name} ends at {end}, before it starts at {start}. Give valid_from <= test_from.")
            outside = (part.events.time < start) | (part.events.time >= end)
            if outside.any():
                moment = int(part.events.time[np.argmax(outside)])
                raise LeakError(
                    f"{name} holds an event at {moment}, outside {start} <= time < {end}. "
                    "Build the split with split_by_time()."
                )


@dataclass(frozen=True)
class GroupSplit(Split):
    """No user (or item, or group: a ranking, a session, a playlist) has events in two parts.

    Split by group, an event that belongs to none is refused.
    """

    by: By

    def _check(self) -> None:
        keys = {name: np.unique(_keys(part, self.by)) for name, part in self.parts().items()}
        for (a, in_a), (b, in_b) in combinations(keys.items(), 2):
            both = np.intersect1d(in_a, in_b)
            if len(both):
                raise LeakError(
                    f"{self.by} {_name(self.train, self.by, int(both[0]))} has events in {a} and in {b} "
                    f"({len(both)} such). Build the split with split_by_group()."
                )


@dataclass(frozen=True)
class FixedSplit(Split):
    """As published by others: no pair of user and item stands in two parts."""

    def _check(self) -> None:
        pairs = {name: _distinct(_pairs(part)) for name, part in self.parts().items()}
        for (a, in_a), (b, in_b) in combinations(pairs.items(), 2):
            both = np.intersect1d(in_a, in_b, assume_unique=True)
            if len(both):
                user, item = divmod(int(both[0]), len(self.train.catalog))
                raise LeakError(
                    f"User {self.train.users.ids[user]!r} and item {self.train.catalog.items.ids[item]!r} stand in {a} "
                    f"and in {b} ({len(both)} such pairs). Drop them from one of the published parts."
                )


def split_by_time(data: Dataset, valid_from: int, test_from: int) -> TimeSplit:
    """Cut once for everybody at two moments, UTC seconds."""
    time = data.events.time
    return TimeSplit(
        train=data.where(time < valid_from),
        valid=data.where((time >= valid_from) & (time < test_from)),
        test=data.where(time >= test_from),
        valid_from=valid_from,
        test_from=test_from,
    )


def split_by_group(data: Dataset, by: By, shares: Sequence[float], rng: np.random.Generator) -> GroupSplit:
    """Users, items or groups dealt at random to train, valid and test by `shares`, three that sum to 1.

    Those without an event are dealt to no part.
    """
    _check_shares(shares)
    keys, which = np.unique(_keys(data, by), return_inverse=True)
    ends = np.rint(np.cumsum(shares) * len(keys))
    part = np.searchsorted(ends, rng.permutation(len(keys)), side="right")[which]  # 0, 1 or 2 an event
    train, valid, test = (data.where(part == p) for p in range(3))
    return GroupSplit(train, valid, test, by)


def split_by_pair(data: Dataset, shares: Sequence[float], rng: np.random.Generator) -> FixedSplit:
    """Each user's items dealt at random to train, valid and test by `shares`, three that sum to 1; for want of a clock.

    All events of a user and an item go together. Shares are rounded for each user, so that who has few items keeps them
    all in train.
    """
    _check_shares(shares)
    pairs, which = np.unique(_pairs(data), return_inverse=True)  # sorted: a user's pairs stand together
    _, first, count = np.unique(pairs // max(len(data.catalog), 1), return_index=True, return_counts=True)
    order = np.lexsort((rng.random(len(pairs)), np.repeat(np.arange(len(first)), count)))
    place = np.empty(len(pairs), np.int64)
    place[order] = np.arange(len(pairs)) - np.repeat(first, count)  # 0 … count - 1, in random order
    ends = np.rint(np.outer(np.cumsum(shares[::-1])[:2], count)).astype(np.int64)  # of test, of test and valid
    part = 2 - (place >= np.repeat(ends, count, axis=1)).sum(axis=0)  # 2 = test, 1 = valid, 0 = train
    train, valid, test = (data.where(part[which] == p) for p in range(3))
    return FixedSplit(train, valid, test)


def _check_shares(shares: Sequence[float]) -> None:
    if len(shares) != 3 or min(shares) < 0 or not np.isclose(sum(shares), 1.0):
        raise DataError(f"Shares {tuple(shares)} are not three parts of 1. Give train, valid, test, say (.8, .1, .1).")


def _keys(data: Dataset, by: By) -> Int64:
    """What each event belongs to, int64 (n,)."""
    columns: dict[By, Int64 | Int32] = {"user": data.events.user, "item": data.events.item, "group": data.events.group}
    column = columns[by].astype(np.int64)
    if len(column) and int(column.min()) < 0:
        raise DataError("An event belongs to no group, so it cannot be split by group. Split by user or item.")
    return column


def _joined(a: Events, b: Events) -> Events:
    columns = {
        f.name: np.concatenate([getattr(a, f.name), getattr(b, f.name)]) for f in fields(a) if f.name != "context"
    }
    return Events(**columns, context={name: np.concatenate([a.context[name], b.context[name]]) for name in a.context})


def _name(data: Dataset, by: By, key: int) -> str:
    names = {"user": data.users.ids, "item": data.catalog.items.ids}
    return repr(names[by][key]) if by in names else str(key)


def _pairs(data: Dataset) -> Int64:
    """Each (user, item) as one number, int64 (n,)."""
    pairs: Int64 = data.events.user.astype(np.int64) * len(data.catalog) + data.events.item
    return pairs


def _distinct(keys: Int64) -> Int64:
    """Sorted, each once. np.unique hashes, which takes seconds for a million pairs."""
    ordered = np.sort(keys)
    first = np.ones(len(ordered), bool)
    first[1:] = ordered[1:] != ordered[:-1]
    kept: Int64 = ordered[first]
    return kept
