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
        self._wake, self._ending, self._retry = Condition(), False, 0.0

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
                if not self._parcels and not self._ending and len(self._slates) < WRITE_SLATES:
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
        parcels, n = [], 0
        while self._parcels and n < TOGETHER:
            parcels.append(self._parcels.popleft())
            n += len(parcels[-1].told)
        if parcels:
            self._keep(parcels)
        elif self._tenant.spool.size:
            self._replay()
        if self._slates and (len(self._slates) >= WRITE_SLATES or not self._parcels):
            self._log_slates()

    def _last(self) -> None:
        """Before the end: all that can still be written."""
        while self._slates:
            before = len(self._slates)
            self._log_slates()
            if len(self._slates) == before:
                break
        self._replay()

    def _keep(self, parcels: Sequence[Parcel]) -> None:
        told = [one for parcel in parcels for one in parcel.told]
        fates: Fates | StoreError
        try:
            fates = self._written(told)
        except StoreError as error:
            self._tenant.note(f"events: {error}")
            fates = self._spooled(told)
        for parcel in parcels:
            mine = fates if isinstance(fates, StoreError) else fates[: len(parcel.told)]
            fates = fates if isinstance(fates, StoreError) else fates[len(parcel.told) :]
            _hand_over(parcel, mine)

    def _written(self, told: Sequence[Told]) -> Fates:
        """In the database; StoreError while it is away, or older ones still wait on disk."""
        if self._retry > monotonic():
            raise StoreError("The database is away.")
        self._replay()
        if self._tenant.spool.size:
            raise StoreError("Older events still wait on disk.")
        try:
            return self._ingest(told)
        except StoreError:
            self._retry = monotonic() + RETRY
            raise

    def _ingest(self, told: Sequence[Told]) -> Fates:
        with self._tenant.store.begin() as conn:
            fates = list(ingest(conn, told))
        self._tenant.changed({one.user for one in told})
        self._retry = 0.0
        return list(fates)

    def _spooled(self, told: Sequence[Told]) -> Fates | StoreError:
        try:
            self._tenant.spool.add(told)
        except StoreError as error:
            return error
        return ["spooled"] * len(told)

    def _replay(self) -> None:
        if self._retry > monotonic() or not self._tenant.spool.size:
            return
        try:
            n = self._tenant.spool.replay(self._ingest_quietly)
            self._tenant.metrics.events.labels(self._tenant.name, "replayed").inc(n)
        except (StoreError, OSError):
            self._retry = monotonic() + RETRY

    def _ingest_quietly(self, told: Sequence[Told]) -> None:
        self._ingest(told)

    def _log_slates(self) -> None:
        if self._retry > monotonic():
            return
        taken = [self._slates[k] for k in range(min(len(self._slates), WRITE_SLATES))]
        exposed = list(self._exposed)
        try:
            with self._tenant.store.begin() as conn:
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


def _hand_over(parcel: Parcel, fates: Fates | StoreError) -> None:
    def resolve() -> None:
        if parcel.future.done():
            return
        if isinstance(fates, StoreError):
            parcel.future.set_exception(fates)
        else:
            parcel.future.set_result(fates)

    _call(parcel.loop, resolve)


def _call(loop: AbstractEventLoop, work: Callable[[], None]) -> None:
    try:
        loop.call_soon_threadsafe(work)
    except RuntimeError:  # the loop has ended: nobody waits any more
        return
