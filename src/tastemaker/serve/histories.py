"""What users did, as queries carry it: from the store, kept in a small cache, and never older than the last event."""

from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import sqlalchemy as sa

from ..data.catalog import Catalog
from ..data.dataset import Scale
from ..data.encoded import remembered
from ..data.events import AGAINST, KINDS
from ..data.query import Query
from ..data.vocab import Vocab
from ..store.ingest import read_recent
from .shared import UserMarks

USERS, EVENTS = 20_000, 400_000  # kept at most


@dataclass
class Histories:
    """tenant: the project's name among those of the service"""

    tenant: str
    marks: UserMarks
    hits: int = 0
    misses: int = 0
    _kept: "OrderedDict[str, tuple[int, Query]]" = field(default_factory=OrderedDict)
    _events: int = 0

    def clear(self) -> None:
        self._kept.clear()
        self._events = 0

    def known(
        self, users: Iterable[str], read: Callable[[], AbstractContextManager[sa.Connection]], catalog: Catalog,
        scales: Mapping[str, Scale],
    ) -> dict[str, Query]:  # fmt: skip
        """What is known of each user; StoreError where some of it would have to be read and cannot."""
        found, missing = {}, []
        for user in dict.fromkeys(users):
            mark, kept = self.marks.of(self.tenant, user), self._kept.get(user)
            if kept is not None and kept[0] == mark:
                found[user] = kept[1]
            else:
                missing.append((user, mark))
        self.hits, self.misses = self.hits + len(found), self.misses + len(missing)
        if missing:
            with read() as conn:
                people, events = read_recent(conn, [user for user, _ in missing])
            fresh = _queries(people, events, catalog, scales)
            for user, mark in missing:
                found[user] = fresh.get(user) or Query(user=user)
                self._keep(user, mark, found[user])
        return found

    def is_fresh(self, user: str) -> bool:
        """Is what is remembered of them what would be read?"""
        kept = self._kept.get(user)
        return kept is not None and kept[0] == self.marks.of(self.tenant, user)

    def remembered(self, user: str) -> Query | None:
        """What was known last, however old: for when the store is away."""
        kept = self._kept.get(user)
        return None if kept is None else kept[1]

    def _keep(self, user: str, mark: int, known: Query) -> None:
        old = self._kept.pop(user, None)
        self._events += len(known.ratings) - (0 if old is None else len(old[1].ratings))
        self._kept[user] = (mark, known)
        while len(self._kept) > USERS or (self._events > EVENTS and len(self._kept) > 1):
            _, (_, oldest) = self._kept.popitem(last=False)
            self._events -= len(oldest.ratings)


def _queries(
    people: Mapping[str, Any], events: Sequence[Any], catalog: Catalog, scales: Mapping[str, Scale]
) -> dict[str, Query]:
    """The latest word on each item counts, as in Dataset.matrix("last")."""
    ids, n = catalog.items.ids, len(catalog)
    names = {person.row: id_ for id_, person in people.items()}
    told: dict[str, dict[str, tuple[int, float]]] = {id_: {} for id_ in people}
    signed = _signed(events, scales)
    for (user, item, _, _, time), preference in zip(events, signed, strict=True):
        if item < n:
            mine, id_ = told[names[user]], ids[item]
            if id_ not in mine or mine[id_][0] <= time:
                mine[id_] = (time, preference)
    return {id_: _query(id_, mine, people[id_].profile or {}, catalog.items) for id_, mine in told.items()}


def _query(user: str, told: Mapping[str, tuple[int, float]], profile: Mapping[str, float], items: Vocab) -> Query:
    when = {item: time for item, (time, _) in told.items()}
    ratings = remembered({item: value for item, (_, value) in told.items()}, when, items)
    return Query(user=user, ratings=ratings, when=when, profile=profile)


def _signed(events: Sequence[Any], scales: Mapping[str, Scale]) -> list[float]:
    """Each event as a preference in [-1, 1], as Dataset.signed says."""
    if not events:
        return []
    kinds, values = np.array([e[2] for e in events]), np.array([e[3] for e in events], np.float32)
    found = np.where(np.isin(kinds, [KINDS.index(kind) for kind in AGAINST]), np.float32(-1.0), np.float32(1.0))
    for kind, scale in scales.items():
        mine = kinds == KINDS.index(kind)
        found[mine] = scale.signed(values[mine])
    signed: list[float] = found.tolist()
    return signed
