"""The one thread of a project that writes: events first, many senders in one transaction; slates when it can."""

from asyncio import AbstractEventLoop, Future
from collections import deque
from collections.abc import Callable, Sequence
from threading import Condition, Thread
from time import monotonic, time
from typing import TYPE_CHECKING, Any

from ..errors import StoreError
from ..store.database import refuses_rows
from ..store.forgetting import KNOWN, drop_forgotten
from ..store.ingest import Told, drop_batches, ingest
from .parcels import Fates, Parcel, hand_over
from .showing import WRITE_SLATES, Showing
from .spool import CHUNK

if TYPE_CHECKING:
    from .tenant import Tenant

TOGETHER = 5000  # rows of events in one transaction
STOPPED = "The service is being stopped, and nothing was kept."
PATIENCE = 0.25  # seconds a slate waits at most where nothing else is written
BATCHES = 7 * 86_400  # seconds that the body of an Idempotency-Key is known
SWEEP, SOON, SWEPT = 3600.0, 1.0, 2000  # seconds between two sweeps, and while more is left; rows at most
RETRY = 1.0  # seconds after which a database that failed is tried again


class RowsRefused(Exception):
    """The database is there and does not take what was sent."""


class Writing(Thread):
    def __init__(self, tenant: "Tenant") -> None:
        super().__init__(name=f"writing {tenant.name}", daemon=True)
        self._tenant = tenant
        self._parcels: deque[Parcel] = deque()
        self.showing = Showing(tenant)
        self._wake, self._ending, self._retry, self._adopted = Condition(), False, 0.0, -RETRY
        self._sweeps, self._ended = 0.0, False

    def send(self, told: Sequence[Told], loop: AbstractEventLoop) -> "Future[Fates]":
        parcel = Parcel(told, loop.create_future(), loop)
        with self._wake:
            if self._ended:
                parcel.future.set_exception(StoreError(STOPPED))
            self._parcels.append(parcel)
            self._wake.notify()
        return parcel.future

    def shown(self, request_id: str, answer: Any) -> None:
        """Log what was shown, some time soon; and that its user has met the experiment."""
        self.showing.add(request_id, answer)
        if len(self.showing) >= WRITE_SLATES:
            with self._wake:
                self._wake.notify()

    def stop(self) -> None:
        with self._wake:
            self._ending = True
            self._wake.notify()

    @property
    def waiting(self) -> tuple[int, int]:
        """Rows of events and slates not yet written."""
        return sum(len(parcel.told) for parcel in list(self._parcels)), len(self.showing)

    def run(self) -> None:
        while True:
            with self._wake:
                if not (self._parcels or self._ending or len(self.showing) >= WRITE_SLATES or self._may_replay):
                    self._wake.wait(PATIENCE)
                ending = self._ending
            self._try(self._round)
            if ending and not self._parcels:
                self._try(self._last)
                self._end()
                return

    def _end(self) -> None:
        """Who comes from now on is told so at once."""
        with self._wake:
            self._ended, late = True, list(self._parcels)
        for parcel in late:
            hand_over(parcel, StoreError(STOPPED))

    def _try(self, work: Callable[[], None]) -> None:
        try:
            work()
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
        if len(self.showing) and (len(self.showing) >= WRITE_SLATES or not self._parcels):
            self._log_slates()
        self._sweep()

    def _last(self) -> None:
        """Before the end: all that can still be written."""
        self._log_all_slates()
        self._replay(CHUNK)
        self._tenant.spool.close()

    def _sweep(self) -> None:
        """A few at a time, after the events: nobody may wait for it. What fails is tried again an hour later."""
        if self._sweeps > monotonic() or self._retry > monotonic() or not self._tenant.up:
            return
        self._sweeps = monotonic() + SWEEP
        with self._tenant.steady.begin() as conn:
            dropped = drop_batches(conn, int(time()) - BATCHES, SWEPT)
            if not self._tenant.spool.any_waits():  # it may hold events of who was forgotten
                drop_forgotten(conn, time() - KNOWN)
        if dropped >= SWEPT:
            self._sweeps = monotonic() + SOON

    def _keep(self, parcels: Sequence[Parcel]) -> None:
        told = [one for parcel in parcels for one in parcel.told]
        fates: Fates | Exception
        try:
            fates = self._kept(told)
        except Exception as error:  # whatever it is: nobody may wait for an answer that never comes
            if len(parcels) > 1:  # one sender may be to blame
                for parcel in parcels:
                    self._keep([parcel])
                return
            self._tenant.note(f"keeping events: {error!r}")
            fates = error
        for parcel in parcels:
            mine = fates if isinstance(fates, Exception) else fates[: len(parcel.told)]
            fates = fates if isinstance(fates, Exception) else fates[len(parcel.told) :]
            hand_over(parcel, mine)

    def _kept(self, told: Sequence[Told]) -> Fates:
        """In the database, or else on disk; StoreError where neither can be. What the database refuses, however often
        it is asked, is not put on disk: all that came later would wait behind it for ever."""
        try:
            return self._written(told)
        except StoreError as error:
            if refuses_rows(error):
                raise RowsRefused(error) from error
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
        except StoreError as error:
            if not refuses_rows(error):
                self._retry = monotonic() + RETRY
            raise

    def _ingest(self, told: Sequence[Told], late: bool = False) -> Fates:
        try:
            return self._ingested(told, late)
        except StoreError as error:
            if not refuses_rows(error):
                raise
            return self._ingested(told, late)  # who was forgotten meanwhile is a new user the second time

    def _ingested(self, told: Sequence[Told], late: bool) -> Fates:
        if any(one.request and not one.context for one in told) and self._hears_contexts:
            self._try(self._log_all_slates)  # an event has the context of the answer that it follows
        with self._tenant.steady.begin() as conn:
            fates = list(ingest(conn, told, late))
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

    def _ingest_late(self, told: Sequence[Told]) -> Sequence[Told]:
        """Who sent them is gone: what is refused can only be counted, and what the database never takes given back."""
        try:
            fates = self._ingest(told, late=True)
        except StoreError as error:
            if not refuses_rows(error):
                raise
            half = len(told) // 2
            return [*self._ingest_late(told[:half]), *self._ingest_late(told[half:])] if half else told
        gone = sum(fate == "forgotten" for fate in fates)
        refused = sum(fate not in ("accepted", "duplicate", "forgotten") for fate in fates)
        events = self._tenant.metrics.events
        events.labels(self._tenant.name, "replayed").inc(len(told) - refused - gone)
        events.labels(self._tenant.name, "forgotten").inc(gone)
        if refused:
            self._tenant.note(f"replaying: {refused} spooled events refused")
            events.labels(self._tenant.name, "refused").inc(refused)
        return ()

    def _adopt(self) -> None:
        if self._adopted + RETRY > monotonic():
            return
        self._adopted = monotonic()
        try:
            self._tenant.spool.adopt()
        except OSError as error:
            self._tenant.note(f"looking into the spool: {error.strerror}")

    @property
    def _hears_contexts(self) -> bool:
        live = self._tenant.live
        return live is not None and bool(live.answers.contexts)

    def _log_all_slates(self) -> None:
        left = len(self.showing)
        while left:
            self._log_slates()
            left, before = len(self.showing), left
            if left >= before:  # the database is away
                return

    def _log_slates(self) -> None:
        if self._retry > monotonic():
            return
        try:
            self.showing.log()
        except StoreError as error:
            self._tenant.note(f"slates: {error}")
            self._retry = monotonic() + RETRY
