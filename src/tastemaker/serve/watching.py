"""The thread that notices what others changed: another active version, an experiment, the catalog, keys, events.

A new chain is opened and warmed up with real recent queries beside the old one, then takes its place in one assignment:
every answer is made by the one or by the other.
"""

import ctypes
import gc
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from threading import Event, Thread
from time import monotonic
from typing import Any

import sqlalchemy as sa

from ..errors import StoreError
from ..store.tables import events, jobs, users
from .live import Live, Marks
from .scoring import Scoring
from .tenant import Tenant

MANY = 5000  # changed users from which on all are forgotten
WARM = 32  # queries
WARM_SECONDS = 10.0
SLOW = 5.0  # seconds between looks at what changes rarely
WALKS = (700, 10, 10)  # allocations after which the collector walks, as Python begins with


@dataclass
class _Seen:
    event: int | None = None
    forgotten: str | None = None
    looked: float = 0.0


class Watching(Thread):
    def __init__(self, tenants: Sequence[Tenant], scoring: Scoring, every: float) -> None:
        super().__init__(name="watching", daemon=True)
        self._tenants, self._scoring, self._every = tenants, scoring, every
        self._end = Event()
        self._seen: dict[str, _Seen] = {tenant.name: _Seen() for tenant in tenants}
        self.ready = Event()

    def stop(self) -> None:
        self._end.set()

    def run(self) -> None:
        while not self._end.is_set():
            for tenant in self._tenants:
                self._look_safely(tenant)
            if all(tenant.live is not None for tenant in self._tenants):
                self.ready.set()
            self._end.wait(self._every)

    def _look_safely(self, tenant: Tenant) -> None:
        try:
            self.look(tenant)
        except StoreError as error:
            tenant.is_down()
            tenant.note(f"looking for changes: {error}")
        except Exception as error:
            tenant.note(f"opening what should answer: {error!r}")

    def look(self, tenant: Tenant) -> None:
        seen = self._seen[tenant.name]
        with tenant.store.read() as conn:
            marks = Marks.read(conn)
            newest = conn.scalar(sa.select(sa.func.max(events.c.id))) or 0
            changed = self._changed(conn, seen, newest)
        tenant.read_keys()
        tenant.is_up()
        if changed is None or marks.forgotten != seen.forgotten:
            tenant.histories.clear()
            tenant.answers.clear()
        else:
            tenant.changed(changed)
        seen.event, seen.forgotten = newest, marks.forgotten
        if tenant.live is None or tenant.live.marks != marks:
            self._replace(tenant)
        tenant.spool.adopt()
        self._measure(tenant, seen)

    @staticmethod
    def _changed(conn: sa.Connection, seen: _Seen, newest: int) -> list[str] | None:
        """Users of whom events came; None = too many to name."""
        if seen.event is None or seen.event == newest:
            return []
        if newest - seen.event > MANY or newest < seen.event:
            return None
        mine = sa.select(users.c.id).distinct().join(events, events.c.user_row == users.c.row)
        return list(conn.scalars(mine.where(events.c.id > seen.event)))

    def _replace(self, tenant: Tenant) -> None:
        live = tenant.opener.open()
        self._warm(tenant, live)
        tenant.live, tenant.pace = live, 0.0
        tenant.histories.clear()
        tenant.answers.clear()
        _settle()
        tenant.metrics.active.labels(tenant.name).set(-1 if live.marks.active is None else live.marks.active)

    def _warm(self, tenant: Tenant, live: Live) -> None:
        """Compiled, cached and paged in before the first question: with what was asked lately."""
        from ..data.query import Query

        done = Event()
        recent = [*tenant.recent][-WARM:] or [Query(n=10), Query(n=10, likes=live.catalog.items.ids[:3])]

        def work() -> None:
            try:
                self._scoring.deadline = monotonic() + WARM_SECONDS
                for answers in (live.answers, *live.arms.values()):
                    for some in (recent[:1], recent):
                        answers.recommender.recommend(some, explain=False)
                    _forget_pace(answers)
            except Exception as error:
                tenant.note(f"warming up: {error!r}")
            finally:
                done.set()

        self._scoring.do(work)
        done.wait(WARM_SECONDS)

    def _measure(self, tenant: Tenant, seen: _Seen) -> None:
        metrics, (waiting, slates) = tenant.metrics, tenant.writing.waiting
        metrics.queue.set(self._scoring.waiting)
        metrics.waiting.labels(tenant.name, "events").set(waiting)
        metrics.waiting.labels(tenant.name, "slates").set(slates)
        metrics.spool.labels(tenant.name).set(tenant.spool.size)
        histories = tenant.histories
        hits, misses, histories.hits, histories.misses = histories.hits, histories.misses, 0, 0
        metrics.cache.labels("history", "hit").inc(hits)
        metrics.cache.labels("history", "miss").inc(misses)
        if monotonic() - seen.looked > SLOW:
            seen.looked = monotonic()
            with tenant.store.read() as conn:
                found: Any = conn.execute(sa.select(jobs.c.state, sa.func.count()).group_by(jobs.c.state)).all()
            counts = dict(found)
            for state in ("queued", "running", "failed"):
                metrics.jobs.labels(tenant.name, state).set(counts.get(state, 0))


def _settle() -> None:
    """Give back what loading took, and let the collector skip what stays: slow answers wait for its walks."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*WALKS)
    with suppress(OSError, AttributeError, TypeError):
        ctypes.CDLL(None).malloc_trim(0)


def _forget_pace(answers: Any) -> None:
    """The first answer compiles and reads: its pace says nothing of the next ones."""
    for level in answers.recommender.levels[:-1]:
        level.scorer.watched.pace = level.scorer.watched.until = 0.0
