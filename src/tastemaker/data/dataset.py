"""Events, the catalog they speak of, and the users who made them."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np

from ..errors import DataError
from .arrays import Bool, Csr, Float32, Int32, Int64, csr
from .catalog import Catalog
from .events import AGAINST, KINDS, Events
from .vocab import Vocab

Reduce = Literal["last", "sum"]


@dataclass(frozen=True)
class Scale:
    """The two ends of a graded signal: ranks run from worst 10 to best 1, stars from worst 1 to best 5.

    like: the grade from which on it is a like; None = whatever is above the middle
    """

    worst: float
    best: float
    like: float | None = None

    def __post_init__(self) -> None:
        if self.worst == self.best:
            raise DataError(f"A scale needs two different ends; both are {self.best}.")
        if self.like is not None and not self.contains(self.like):
            low, high = sorted((self.worst, self.best))
            raise DataError(f"A like from {self.like:g} on is outside the scale, {low:g}–{high:g}.")

    def signed(self, value: Float32) -> Float32:
        """Values on this scale -> preference in [-1, 1]."""
        share = (np.asarray(value, np.float32) - self.worst) / (self.best - self.worst)
        return np.asarray(2.0 * np.clip(share, 0.0, 1.0) - 1.0, np.float32)

    def liked(self, value: Float32) -> Bool:
        """Which values on this scale say that somebody likes something."""
        if self.like is None:
            return np.asarray(self.signed(value) > 0)
        better = 1.0 if self.best > self.worst else -1.0
        return np.asarray((np.asarray(value, np.float32) - np.float32(self.like)) * better >= 0)

    def value(self, signed: Float32) -> Float32:
        """Preferences in [-1, 1] -> values on this scale: the way back from `signed`."""
        share = (np.asarray(signed, np.float32) + 1.0) / 2.0
        return np.asarray(self.worst + share * (self.best - self.worst), np.float32)

    def contains(self, value: float) -> bool:
        return min(self.worst, self.best) <= value <= max(self.worst, self.best)


@dataclass(frozen=True)
class Dataset:
    """
    profiles: float32 (n_users, n_tastes), the tastes that a user stated in [0, 1]; NaN = not stated
    tastes:   their names, in column order
    scales:   kind -> Scale, for kinds whose value is a grade; other kinds count as plain likes
    """

    events: Events
    catalog: Catalog
    users: Vocab
    tastes: tuple[str, ...] = ()
    profiles: Float32 = field(default_factory=lambda: np.zeros((0, 0), np.float32))
    scales: Mapping[str, Scale] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.profiles.size == 0:
            object.__setattr__(self, "profiles", np.full((len(self.users), len(self.tastes)), np.nan, np.float32))
        if self.profiles.shape != (len(self.users), len(self.tastes)):
            raise DataError(f"Profiles are {self.profiles.shape}, not {(len(self.users), len(self.tastes))}.")
        for what, rows, limit in (
            ("user", self.events.user, len(self.users)),
            ("item", self.events.item, len(self.catalog)),
        ):
            if len(rows) and not 0 <= int(rows.min()) <= int(rows.max()) < limit:
                raise DataError(f"An event's {what} row is outside 0–{limit - 1}.")

    def __len__(self) -> int:
        return len(self.events)

    def where(self, mask: Bool | Int64) -> "Dataset":
        """The events where mask (n,) is true; catalog, users and profiles are kept whole."""
        return replace(self, events=self.events.where(mask))

    def signed(self) -> Float32:
        """Each event as a preference in [-1, 1]: graded kinds by their scale, skips -1, all others 1; float32 (n,)."""
        against = np.isin(self.events.kind, [KINDS.index(kind) for kind in AGAINST])
        values = np.where(against, np.float32(-1.0), np.float32(1.0))
        for kind, scale in self.scales.items():
            mine = self.events.kind == KINDS.index(kind)
            values[mine] = scale.signed(self.events.value[mine])
        return values

    def liked(self) -> Bool:
        """Which events say that their user likes their item, bool (n,): grades by their scale, others by their kind."""
        found = ~np.isin(self.events.kind, [KINDS.index(kind) for kind in AGAINST])
        for kind, scale in self.scales.items():
            mine = self.events.kind == KINDS.index(kind)
            found[mine] = scale.liked(self.events.value[mine])
        return found

    def matrix(self, reduce: Reduce, values: Float32 | None = None) -> Csr:
        """Event values (or `values`, one an event) by user and item, csr float32 (n_users, n_items).

        last: the latest event of a pair counts, so that an edited rating is not two ratings. sum: all of them add up.
        """
        events, shape = self.events, (len(self.users), len(self.catalog))
        values = events.value if values is None else values
        if reduce == "last":
            kept = _last_of_each_pair(events.user, events.item, events.time)
            return csr(events.user[kept], events.item[kept], values[kept], shape)
        return csr(events.user, events.item, values, shape)


def _last_of_each_pair(user: Int32, item: Int32, time: Int64) -> Int64:
    """Positions of the latest event of each (user, item); among equals the one that stands last."""
    order = np.lexsort((time, item, user))
    u, i = user[order], item[order]
    last = np.ones(len(order), bool)
    last[:-1] = (u[1:] != u[:-1]) | (i[1:] != i[:-1])
    return np.sort(order[last])
