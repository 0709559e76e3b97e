"""The thread that notices what others changed: another active version, an experiment, the catalog, keys, events.

A new chain is opened and warmed up with real recent queries beside the old one, then takes its place in one assignment:
every answer is made by the one or by the other.
"""

import gc
from dataclasses import dataclass, field, replace
from threading import Event, Lock, Thread
from time import monotonic
from typing import Any

import sqlalchemy as sa

from ..data.query import Query
from ..errors import StoreError
from ..store.answers import Answers
from ..store.arrivals import Arrivals
from ..store.tables import jobs
from .live import Live, Marks
from .scoring import Scoring
from .tenant import Tenant
from .trimming import trim

WARM = 32  # queries
WARM_SECONDS = 10.0  # after which no further query is tried
SLOW = 5.0  # seconds between looks at what changes rarely
SELDOM = 300.0  # seconds between looks at what stays damaged
WALKS = (50_000, 20, 20)  # allocations after which the collector walks: every answer waits for it


@dataclass
class _Seen:
    arrivals: Arrivals = field(default_factory=Arrivals)
    forgotten: str | None = None
    looked: float = 0.0
    again: float = 0.0
    pause: float = SLOW


class Watching(Thread):
    """Of one project: that another one's database is away delays nothing here. looked: whether it did so once.

    opening: one at a time, since models may call compiled kernels
    """

    opening = Lock()

    def __init__(self, tenant: Tenant, scoring: Scoring, every: float) -> None:
        super().__init__(name=f"watching {tenant.name}", daemon=True)
        self._tenant, self._scoring, self._every = tenant, scoring, every
        self._end, self._seen, self.looked = Event(), _Seen(), False

    def stop(self) -> None:
        self._end.set()

    def run(self) -> None:
        while not self._end.is_set():
            try:
                self.look(self._tenant)
            except Exception as error:  # this thread must not die: nothing would be noticed any more
                self._tenant.note(f"looking for changes: {error!r}")
            self.looked = True
            self._end.wait(self._every)

    def look(self, tenant: Tenant) -> None:
        seen = self._seen
        try:
            with tenant.steady.read() as conn:
                marks = Marks.read(conn)
                arrivals, changed = seen.arrivals.look(conn)
            tenant.read_keys()
        except StoreError:
            tenant.is_down()
            raise
        tenant.is_up()  # whatever fails from here on
        if changed is None or marks.forgotten != seen.forgotten:
            tenant.histories.clear()
        else:
            tenant.changed(changed)
        if marks.forgotten != seen.forgotten:
            tenant.writing.showing.meet_anew()
        seen.arrivals, seen.forgotten = arrivals, marks.forgotten
        self._renew(tenant, seen, marks)
        self._measure(tenant, seen)

    def _renew(self, tenant: Tenant, seen: _Seen, marks: Marks) -> None:
        """What should answer now takes its place; what was damaged is tried again, less and less often."""
        old = tenant.live
        changed = old is None or old.marks != marks
        if old is not None and changed and replace(old.marks, listed=marks.listed) == marks:
            self._list(tenant, old)
            return
        if not changed and not (old is not None and old.damage and monotonic() > seen.again):
            return
        with self.opening:
            live = tenant.opener.open()
        seen.pause = SLOW if changed else min(2 * seen.pause, SELDOM)
        seen.again = monotonic() + seen.pause
        if old is None or old.marks != live.marks or old.damage != live.damage:
            self._replace(tenant, live)

    def _replace(self, tenant: Tenant, live: Live) -> None:
        if not self._warm(tenant, live):
            return
        self._list(tenant, live)  # an item may have been delisted meanwhile
        tenant.pace = 0.0
        tenant.histories.clear()
        _settle()
        tenant.metrics.active.labels(tenant.name).set(-1 if live.marks.active is None else live.marks.active)

    @staticmethod
    def _list(tenant: Tenant, live: Live) -> None:
        with tenant.steady.read() as conn:
            tenant.live = live.listing(conn)

    def _warm(self, tenant: Tenant, live: Live) -> bool:
        """Compiled, cached and paged in before the first question: with what was asked lately, one by one, so that
        who asks meanwhile waits for one of them at most. False where the service ends before."""
        recent = [*tenant.recent][-WARM:] or [Query(n=10), Query(n=10, likes=live.catalog.items.ids[:3])]
        for answers in (live.answers, *live.arms.values()):
            begun = monotonic()
            for some in (*([one] for one in recent), recent):
                if not self._warmed(tenant, answers, some):
                    return False
                if monotonic() - begun > WARM_SECONDS:
                    break
            _forget_pace(answers)
        return True

    def _warmed(self, tenant: Tenant, answers: Answers, queries: list[Query]) -> bool:
        done = Event()

        def work() -> None:
            try:
                self._scoring.deadline = monotonic() + WARM_SECONDS
                answers.recommender.recommend(queries, explain=False)
            except Exception as error:
                tenant.note(f"warming up: {error!r}")
            finally:
                done.set()

        self._scoring.do(work)
        while not done.wait(self._every):
            if self._end.is_set():
                return False
        return True

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
            with tenant.steady.read() as conn:
                found: Any = conn.execute(sa.select(jobs.c.state, sa.func.count()).group_by(jobs.c.state)).all()
            counts = dict(found)
            for state in ("queued", "running", "failed"):
                metrics.jobs.labels(tenant.name, state).set(counts.get(state, 0))


def _settle() -> None:
    """Give back what loading took, and let the collector skip what stays: slow answers wait for its walks."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*WALKS)
    trim()


def _forget_pace(answers: Any) -> None:
    """The first answer compiles and reads: its pace says nothing of the next ones."""
    for level in answers.recommender.levels[:-1]:
        level.scorer.watched.pace = level.scorer.watched.until = 0.0
