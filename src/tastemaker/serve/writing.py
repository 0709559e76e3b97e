"""The one thread of a project that writes: events first, many senders in one transaction; slates when it can."""

from asyncio import AbstractEventLoop, Future
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from threading import Condition, Thread
from time import monotonic, time
from typing import TYPE_CHECKING, Any

from ..errors import StoreError
from ..store.ingest import Told, ingest
from ..store.slates import put_slates
from ..store.tables import ab_assignments
from ..store.tables.base import add_new
from .asking import json_text
from .spool import CHUNK

if TYPE_CHECKING:
    from .tenant import Tenant

Fates = list[str]
TOGETHER = 5000  # rows of events in one transaction
SLATES = 20_000  # kept in memory at most; what comes on top is lost, and counted
WRITE_SLATES = 500  # in one transaction
PATIENCE = 0.25  # seconds a slate waits at most where nothing else is written
RETRY = 1.0  # seconds after which a database that failed is tried again


@dataclass(eq=False, slots=True)
class Parcel:
    told: Sequence[Told]
    future: "Future[Fates]"
    loop: AbstractEventLoop


class Writing(Thread):
    def __init__(self, tenant: "Tenant") -> None:
        super().__init__(name=f"writing {tenant.name}", daemon=True)
        self._tenant = tenant
        self._parcels: deque[Parcel] = deque()
        self._slates: deque[tuple[str, Any, int]] = deque()
        self._exposed: deque[dict[str, Any]] = deque()
        self._met: set[tuple[int, str]] = set()
        self._wake, self._ending, self._retry, self._adopted = Condition(), False, 0.0, -RETRY

    def send(self, told: Sequence[Told], loop: AbstractEventLoop) -> "Future[Fates]":
        parcel = Parcel(told, loop.create_future(), loop)
        with self._wake:
            self._parcels.append(parcel)
            self._wake.notify()
        return parcel.future

    def shown(self, request_id: str, answer: Any) -> None:
        """Log what was shown, some time soon; and that its user has met the experiment."""
        if len(self._slates) >= SLATES:
            self._tenant.metrics.slates.labels(self._tenant.name, "lost").inc()
            return
        at = int(time())
        self._slates.append((request_id, answer, at))
        if answer.experiment is not None and answer.query.user is not None:
            self._expose(answer, at)
        if len(self._slates) >= WRITE_SLATES:
            with self._wake:
                self._wake.notify()

    def _expose(self, answer: Any, at: int) -> None:
        key = (answer.experiment["id"], answer.query.user)
        if key in self._met:
            return
        if len(self._met) > 200_000:
            self._met.clear()
        self._met.add(key)
        self._exposed.append({"test": key[0], "user": key[1], "arm": answer.experiment["arm"], "at": at})

    def stop(self) -> None:
        with self._wake:
            self._ending = True
            self._wake.notify()

    @property
    def waiting(self) -> tuple[int, int]:
        """Rows of events and slates not yet written."""
        return sum(len(parcel.told) for parcel in list(self._parcels)), len(self._slates)

    def run(self) -> None:
        while True:
            with self._wake:
                if not (self._parcels or self._ending or len(self._slates) >= WRITE_SLATES or self._may_replay):
                    self._wake.wait(PATIENCE)
                ending = self._ending
            try:
                self._round()
                if ending and not self._parcels:
                    self._last()
                    return
            except Exception as error:  # this thread must not die: nothing would be written any more
                self._tenant.note(f"writing: {error!r}")

    def _round(self) -> None:
        self._adopt()
        parcels, n = [], 0
        while self._parcels and n < TOGETHER:
            parcels.append(self._parcels.popleft())
            n += len(parcels[-1].told)
        if parcels:
            self._keep(parcels)
        else:
            self._replay(CHUNK)
        if self._slates and (len(self._slates) >= WRITE_SLATES or not self._parcels):
            self._log_slates()

    def _last(self) -> None:
        """Before the end: all that can still be written."""
        while self._slates:
            before = len(self._slates)
            self._log_slates()
            if len(self._slates) == before:
                break
        self._replay(CHUNK)
        self._tenant.spool.close()

    def _keep(self, parcels: Sequence[Parcel]) -> None:
        told = [one for parcel in parcels for one in parcel.told]
        fates: Fates | Exception
        try:
            fates = self._kept(told)
        except Exception as error:  # whatever it is: nobody may wait for an answer that never comes
            self._tenant.note(f"keeping events: {error!r}")
            fates = error
        for parcel in parcels:
            mine = fates if isinstance(fates, Exception) else fates[: len(parcel.told)]
            fates = fates if isinstance(fates, Exception) else fates[len(parcel.told) :]
            _hand_over(parcel, mine)

    def _kept(self, told: Sequence[Told]) -> Fates:
        """In the database, or else on disk; StoreError where neither can be."""
        try:
            return self._written(told)
        except StoreError as error:
            self._tenant.note(f"events: {error}")
            self._tenant.spool.add(told)
            self._tenant.changed({one.user for one in told})  # an answer without them says so
            return ["spooled"] * len(told)

    def _written(self, told: Sequence[Told]) -> Fates:
        """In the database; StoreError while it is away, or older ones still wait on disk."""
        if self._retry > monotonic():
            raise StoreError("The database is away.")
        self._tenant.check_up()
        self._replay(max(CHUNK, 2 * len(told)))  # more than may come on top, so that it ends
        if self._tenant.spool.size:
            raise StoreError("Older events still wait on disk.")
        try:
            return self._ingest(told)
        except StoreError:
            self._retry = monotonic() + RETRY
            raise

    def _ingest(self, told: Sequence[Told]) -> Fates:
        with self._tenant.steady.begin() as conn:
            fates = list(ingest(conn, told))
        self._tenant.changed({one.user for one in told})
        self._retry = 0.0
        return list(fates)

    @property
    def _may_replay(self) -> bool:
        return self._tenant.spool.size > 0 and self._retry <= monotonic() and self._tenant.up

    def _replay(self, most: int) -> None:
        if not self._may_replay:
            return
        try:
            self._tenant.spool.replay(self._ingest_late, most)
        except Exception as error:  # whatever it is: it waits, and is tried again, but not without a pause
            self._tenant.note(f"replaying: {error!r}")
            self._retry = monotonic() + RETRY

    def _ingest_late(self, told: Sequence[Told]) -> None:
        """Who sent them is gone: what is refused can only be counted."""
        fates = self._ingest(told)
        refused = sum(fate not in ("accepted", "duplicate") for fate in fates)
        events = self._tenant.metrics.events
        events.labels(self._tenant.name, "replayed").inc(len(told) - refused)
        if refused:
            self._tenant.note(f"replaying: {refused} spooled events refused")
            events.labels(self._tenant.name, "refused").inc(refused)

    def _adopt(self) -> None:
        if self._adopted + RETRY > monotonic():
            return
        self._adopted = monotonic()
        try:
            self._tenant.spool.adopt()
        except OSError as error:
            self._tenant.note(f"looking into the spool: {error.strerror}")

    def _log_slates(self) -> None:
        if self._retry > monotonic():
            return
        taken = [self._slates[k] for k in range(min(len(self._slates), WRITE_SLATES))]
        exposed = list(self._exposed)
        try:
            with self._tenant.steady.begin() as conn:
                put_slates(conn, [answer.row(request_id, at) for request_id, answer, at in taken], json_text)
                if exposed:
                    add_new(conn, ab_assignments, exposed)
        except StoreError as error:
            self._tenant.note(f"slates: {error}")
            self._retry = monotonic() + RETRY
            return
        for _ in taken:
            self._slates.popleft()
        for _ in exposed:
            self._exposed.popleft()
        self._tenant.metrics.slates.labels(self._tenant.name, "logged").inc(len(taken))


def _hand_over(parcel: Parcel, fates: Fates | Exception) -> None:
    def resolve() -> None:
        if parcel.future.done():
            return
        if isinstance(fates, Exception):
            parcel.future.set_exception(fates)
        else:
            parcel.future.set_result(fates)

    _call(parcel.loop, resolve)


def _call(loop: AbstractEventLoop, work: Callable[[], None]) -> None:
    try:
        loop.call_soon_threadsafe(work)
    except RuntimeError:  # the loop has ended: nobody waits any more
        return
