"""The tracker: every real outcome beside what the version that answered had foretold; one row each, never two.

An outcome counts for the version that answered at that moment: the one whose list had shown the item, or the active
one, or the arm of the experiment that ran. The moment is when it happened, or when we heard of it where that was
earlier; the version had become active strictly before, so it had been trained on none of what it is judged by. What
lies before the first activation (a history imported in bulk, say) is never judged: nothing had been foretold.

A list is asked again with the query that made it; else the version is asked with what its user had done strictly before
the event. Models stay as they were saved; items that joined later are scored as the version scores new items. Whoever
revises a grade is judged anew, and the version is not told the old grade.

Batches of outcomes in time order, each one transaction: a kill loses at most the batch at hand, and the next call takes
up what has no row yet. Cost: one load of each version that answered, and the histories of the users in a batch.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from ..data.arrays import Float32, Int32, Int64
from ..data.catalog import Catalog
from ..data.dataset import Dataset
from ..data.known import known_before
from ..errors import ArtifactError, StoreError
from ..recommender import Recommender
from ..store.answers import Answers, scales_of
from ..store.catalogs import kept_catalog
from ..store.events import read_histories
from ..store.meta import get_meta
from ..store.outcomes import OWN
from ..store.quality import UNCLEAR, Pending, count_unjudged, put_quality, read_pending
from ..store.slates import ELSEWHERE
from ..store.store import Store
from ..store.versions import list_versions
from .answering import NOBODY, Answering, Log
from .foreseen import Foreseen, foresee, joined
from .limits import DAY, Limits
from .shown import NOT_SHOWN, Shown, query_of

BATCH = 8192  # outcomes a transaction
KEPT = 4  # chains held open at once
NAMES = {True: "challenger", False: "active"}


@dataclass(frozen=True)
class Tracked:
    """added: new rows; versions: how many of each; shown: of them, how many items we had shown.

    before: outcomes of before anything answered, which nobody can judge; unclear: outcomes at which a clock that jumped
    back leaves nobody to hold to account: rows that say no more than that, so that they are not looked at again
    """

    added: int = 0
    shown: int = 0
    before: int = 0
    unclear: int = 0
    versions: Counter[int] | None = None


@dataclass(frozen=True)
class _Batch:
    """Outcomes with what is known of their users: data, and positions of the outcomes in it."""

    pending: Sequence[Pending]
    moment: Int64
    shown: Shown
    data: Dataset
    at: Int64

    @cached_property
    def items(self) -> Int32:
        return np.array([one.item_row for one in self.pending], np.int32)


def track(store: Store, limits: Limits, now: int, chains: "Chains | None" = None) -> Tracked:
    """Compare every real event that nobody has compared yet. now: UTC seconds, kept as the time of the record.

    chains: those that an earlier call opened, for who calls often
    """
    with store.read() as conn:
        log, catalog = Log.read(conn), kept_catalog(conn)
        before = count_unjudged(conn, log.first)
    chains = chains or Chains(store)
    added, shown, unclear, versions = 0, 0, 0, Counter[int]()
    for batch in _batches(store, log, catalog, limits.shown_days * DAY):
        found = list(_judged(batch, log, chains, now))
        rows, lost = ([row for row in found if (row["level"] == UNCLEAR) is none] for none in (False, True))
        unclear += len(lost)
        with store.begin() as conn:
            added += put_quality(conn, rows)
            put_quality(conn, lost)
        shown += sum(row["rank_shown"] is not None for row in rows)
        versions.update(row["version"] for row in rows)
    return Tracked(added, shown, before, unclear, versions)


class Chains:
    """The chains opened last, as long as catalog and features stay as they are; None where there is none to open."""

    def __init__(self, store: Store) -> None:
        self.store, self.open = store, dict[tuple[Any, ...], Answers | None]()

    def __getitem__(self, version: int) -> Answers | None:
        with self.store.read() as conn:
            key = version, get_meta(conn, "catalog"), get_meta(conn, "features")
        if key not in self.open:
            if len(self.open) >= KEPT:
                self.open.pop(next(iter(self.open)))
            try:
                self.open[key] = Answers.open(self.store, version)
            except StoreError:
                self.open[key] = None
        return self.open[key]


def _batches(store: Store, log: Log, catalog: Catalog, window: int) -> Iterator[_Batch]:
    if log.first is None or not len(catalog):
        return
    scales, tastes = scales_of(store.recipe()), _tastes(store)
    after = (log.first, 0)
    while True:
        with store.read() as conn:
            pending = read_pending(conn, log.first, len(catalog), after, BATCH)
            if not pending:
                return
            data, ids = read_histories(conn, {one.user_row for one in pending}, catalog, tastes, scales)
            moment = np.array([min(one.time, one.received_at) for one in pending], np.int64)
            items = np.array([one.item_row for one in pending], np.int64)
            people, named = [one.user for one in pending], [one.request for one in pending]
            shown = Shown.before(conn, people, items, moment, catalog.items, window, named)
        events = np.array([one.event for one in pending], np.int64)
        yield _Batch(pending, moment, shown, data, np.searchsorted(ids, events))
        after = (pending[-1].time, pending[-1].event)


def _tastes(store: Store) -> tuple[str, ...]:
    """Of all versions, since each may know others."""
    found = [tuple(store.recipe()["tastes"]["families"])]
    with store.read() as conn:
        digests = {version.artifact for version in list_versions(conn)}
    for digest in sorted(digests):
        try:
            found.append(tuple(store.artifacts.manifest(digest)["tastes"]))
        except (ArtifactError, KeyError):
            continue
    return tuple(dict.fromkeys(taste for tastes in found for taste in tastes))


def _judged(batch: _Batch, log: Log, chains: Chains, now: int) -> Iterator[dict[str, Any]]:
    """Rows of the table, for the outcomes that somebody can be held to account for."""
    lists = [None if k == NOT_SHOWN else batch.shown.slates[k] for k in batch.shown.at.tolist()]
    seen = np.array([m if s is None else s.at + 1 for m, s in zip(batch.moment.tolist(), lists, strict=True)], np.int64)
    who = log.answering([one.user for one in batch.pending], seen)
    groups: dict[tuple[int, str, str], list[int]] = {}
    for k, slate in enumerate(lists):
        lower = ("", "")
        if slate is not None and slate.level not in (*OWN, ELSEWHERE):
            lower = (slate.level, slate.version)
        elif slate is not None and slate.version.isdigit() and int(slate.version) in log.data_to:
            _believe(who, k, int(slate.version))
        if who.sure[k]:
            groups.setdefault((int(who.version[k]), *lower), []).append(k)
    for (version, level, its_version), members in groups.items():
        chain = chains[version]
        if chain is not None:
            first = _place_of(level, its_version, chain.recommender)
            recommender = replace(chain.recommender, levels=chain.recommender.levels[first:])
            mine = np.array(members, np.int64)
            yield from _rows(batch, recommender, who, mine, _foreseen(batch, recommender, mine), now)
    yield from _unclear(batch, np.flatnonzero(~who.sure), log, now)


def _unclear(batch: _Batch, members: Int64, log: Log, now: int) -> Iterator[dict[str, Any]]:
    """Rows that foretell nothing, for the outcomes that nobody can be held to account for."""
    signed, liked = batch.data.signed()[batch.at].tolist(), batch.data.liked()[batch.at].tolist()
    said = dict.fromkeys(("arm", "test", "slate", "rank_shown", "predicted", "chance", "error", "correct", "place"))
    for k in members.tolist():
        one = batch.pending[k]
        yield {
            **said, "event": one.event, "user_row": one.user_row, "item_row": one.item_row,
            "version": int(log.version[0]), "level": UNCLEAR, "at": int(batch.moment[k]), "recorded_at": now,
            "known": 0, "actual": signed[k], "liked": liked[k],
        }  # fmt: skip


def _believe(who: Answering, k: int, version: int) -> None:
    """The list says which version made it; where the log says another one, it was made for no experiment."""
    if who.version[k] != version:
        who.test[k], who.treatment[k] = NOBODY, False
    who.version[k], who.sure[k] = version, True


def _place_of(name: str, version: str, recommender: Recommender) -> int:
    """Which level of the chain had made a list: 0 unless a lower one had to."""
    names = [(level.name, level.version) for level in recommender.levels]
    return names.index((name, version)) if (name, version) in names else 0


def _foreseen(batch: _Batch, recommender: Recommender, members: Int64) -> Foreseen:
    """What the chain says of these outcomes, in their order."""
    shown = np.array([_tells(batch.shown, k) for k in batch.shown.at[members].tolist()], bool)
    order = np.concatenate([members[shown], members[~shown]])
    parts = [*_by_lists(batch, recommender, members[shown]), *_by_histories(batch, recommender, members[~shown])]
    return joined(parts, np.argsort(order))  # members ascend


def _tells(shown: Shown, k: int) -> bool:
    """Does the list say what was known of its user? Another program's does not: histories do."""
    return k != NOT_SHOWN and shown.slates[k].level != ELSEWHERE


def _by_lists(batch: _Batch, recommender: Recommender, members: Int64) -> Iterator[Foreseen]:
    for start in range(0, len(members), BATCH):
        block = members[start : start + BATCH]
        queries = [query_of(batch.shown.slates[k], recommender.tastes) for k in batch.shown.at[block].tolist()]
        yield foresee(recommender, recommender.encode(queries), batch.items[block])


def _by_histories(batch: _Batch, recommender: Recommender, members: Int64) -> Iterator[Foreseen]:
    data = replace(
        batch.data, catalog=recommender.catalog, tastes=recommender.tastes,
        profiles=_columns(batch.data, recommender.tastes),
    )  # fmt: skip
    for rows, history in known_before(data, batch.at[members]):
        yield foresee(recommender, history, data.events.item[rows])


def _columns(data: Dataset, tastes: tuple[str, ...]) -> Float32:
    return data.profiles[:, [data.tastes.index(taste) for taste in tastes]]


def _rows(
    batch: _Batch, recommender: Recommender, who: Answering, members: Int64, found: Foreseen, now: int
) -> Iterator[dict[str, Any]]:
    signed, liked = (column[batch.at[members]].tolist() for column in (batch.data.signed(), batch.data.liked()))
    value, chance, place = (_known(column) for column in (found.value, found.chance, found.place))
    levels = recommender.levels
    for n, k in enumerate(members.tolist()):
        one, tested, level = batch.pending[k], bool(who.test[k] >= 0), int(found.level[n])
        own = level >= 0 and levels[level].version == str(who.version[k])
        slate = None if batch.shown.at[k] == NOT_SHOWN else batch.shown.slates[batch.shown.at[k]].id
        yield {
            "event": one.event, "user_row": one.user_row, "item_row": one.item_row, "version": int(who.version[k]),
            "arm": ("treatment" if who.treatment[k] else "control") if tested else None,
            "test": int(who.test[k]) if tested else None,
            "slate": slate, "rank_shown": None if slate is None else int(batch.shown.rank[k]),
            "level": NAMES[tested] if own else levels[level].name if level >= 0 else "none",
            "at": int(batch.moment[k]), "recorded_at": now, "known": int(found.known[n]),
            "predicted": value[n], "chance": chance[n], "actual": signed[n], "liked": liked[n],
            "error": None if value[n] is None else value[n] - signed[n],
            "correct": None if chance[n] is None else bool(found.chance[n] >= 0.5) == liked[n], "place": place[n],
        }  # fmt: skip


def _known(column: np.ndarray) -> list[float | None]:
    return [None if np.isnan(value) else value for value in column.tolist()]
