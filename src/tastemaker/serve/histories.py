"""What users did, as queries carry it: from the store, kept in a small cache, and never older than the last event."""

from collections import OrderedDict, deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from operator import itemgetter
from typing import Any

import numpy as np
import sqlalchemy as sa

from ..data.arrays import Float32
from ..data.catalog import Catalog
from ..data.context import LAST, lately
from ..data.dataset import Scale
from ..data.encoded import remembered
from ..data.events import AGAINST, KINDS
from ..data.query import Query
from ..data.vocab import Vocab
from ..store.ingest import read_contexts, read_recent
from .shared import UserMarks

Context = Mapping[str, Mapping[str, float]]
USERS, EVENTS = 20_000, 150_000  # kept at most, some 150 bytes an event
ANSWERS = 5_000  # made of what is kept, at most


@dataclass
class Histories:
    """tenant: the project's name among those of the service"""

    tenant: str
    marks: UserMarks
    hits: int = 0
    misses: int = 0
    _kept: "OrderedDict[str, tuple[int, Query, dict[Any, Any]]]" = field(default_factory=OrderedDict)
    _events: int = 0
    _made: int = 0

    def clear(self) -> None:
        self._kept.clear()
        self._events = self._made = 0

    def known(
        self, users: Iterable[str], read: Callable[[], AbstractContextManager[sa.Connection]], catalog: Catalog,
        scales: Mapping[str, Scale], around: bool = False,
    ) -> dict[str, Query]:  # fmt: skip
        """What is known of each user; StoreError where some of it would have to be read and cannot.

        around: also what surrounded their last events
        """
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
                last = _last(events, len(catalog)) if around else {}
                said = read_contexts(conn, [id_ for mine in last.values() for id_ in mine])
            moments = {row: lately(_columns([said.get(id_, {}) for id_ in mine])) for row, mine in last.items()}
            fresh = _queries(people, events, catalog, scales, moments)
            for user, mark in missing:
                found[user] = fresh.get(user) or Query(user=user)
                self._keep(user, mark, found[user])
        return found

    def made(self, user: str, mark: int) -> dict[Any, Any] | None:
        """Answers made of what was known of them at that mark, which go when it goes; None where it is not kept."""
        kept = self._kept.get(user)
        return None if kept is None or kept[0] != mark else kept[2]

    def make(self, user: str, mark: int, key: Any, answer: Any) -> None:
        made = self.made(user, mark)
        if made is None:
            return
        if self._made >= ANSWERS:
            for _, _, others in list(self._kept.values()):
                others.clear()
            self._made = 0
        self._made += key not in made
        made[key] = answer

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
        self._made -= 0 if old is None else len(old[2])
        self._kept[user] = (mark, known, {})
        while len(self._kept) > USERS or (self._events > EVENTS and len(self._kept) > 1):
            _, (_, oldest, made) = self._kept.popitem(last=False)
            self._events, self._made = self._events - len(oldest.ratings), self._made - len(made)


def _queries(
    people: Mapping[str, Any], events: Sequence[Any], catalog: Catalog, scales: Mapping[str, Scale],
    moments: Mapping[int, Context],
) -> dict[str, Query]:  # fmt: skip
    """The latest word on each item counts, as in Dataset.matrix("last"). moments: user_row -> what was around lately"""
    ids, n = catalog.items.ids, len(catalog)
    names = {person.row: id_ for id_, person in people.items()}
    told: dict[str, dict[str, tuple[int, float]]] = {id_: {} for id_ in people}
    signed = _signed(events, scales)
    for (user, item, _, _, time, *_), preference in zip(events, signed, strict=True):
        if item < n:
            mine, id_ = told[names[user]], ids[item]
            if id_ not in mine or mine[id_][0] <= time:
                mine[id_] = (time, preference)
    return {
        id_: _query(id_, mine, people[id_].profile or {}, catalog.items, moments.get(people[id_].row, {}))
        for id_, mine in told.items()
    }


def _last(events: Sequence[Any], n: int) -> dict[int, list[int]]:
    """user_row -> the numbers of their last events by time, and as they came, on items that are known."""
    mine: dict[int, deque[int]] = {}
    for event in sorted((event for event in events if event[1] < n), key=itemgetter(4)):
        mine.setdefault(event[0], deque(maxlen=LAST)).append(event[5])
    return {user: list(ids) for user, ids in mine.items()}


def _columns(contexts: Sequence[Mapping[str, float]]) -> dict[str, Float32]:
    names = dict.fromkeys(name for one in contexts for name in one)
    return {name: np.array([one.get(name) for one in contexts], np.float32) for name in names}  # None -> NaN


def _query(
    user: str, told: Mapping[str, tuple[int, float]], profile: Mapping[str, float], items: Vocab, context: Context
) -> Query:
    when = {item: time for item, (time, _) in told.items()}
    ratings = remembered({item: value for item, (_, value) in told.items()}, when, items)
    return Query(user=user, ratings=ratings, when=when, profile=profile, context=context)


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
