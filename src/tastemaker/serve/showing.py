"""What was shown and who met an experiment, on its way to the database: logged when it can be, and of nobody who was
forgotten since, whichever process was told to forget them."""

from collections import deque
from collections.abc import Callable, Sequence
from time import time
from typing import TYPE_CHECKING, Any

from ..errors import StoreError
from ..store.database import refuses_rows
from ..store.forgetting import Lately
from ..store.slates import put_slates
from ..store.tables import ab_assignments
from ..store.tables.base import add_new
from .asking import json_text

if TYPE_CHECKING:
    from .tenant import Tenant

SLATES = 20_000  # kept in memory at most; what comes on top is lost, and counted
WRITE_SLATES = 500  # in one transaction
MET = 200_000  # of whom it is remembered that they met an experiment
Shown = tuple[str, Any, float]  # request id, answer, when
Exposed = tuple[dict[str, Any], float]  # a row of the table, when


class Showing:
    """Added to by any thread, logged by one."""

    def __init__(self, tenant: "Tenant") -> None:
        self._tenant, self._lately = tenant, Lately()
        self._slates: deque[Shown] = deque()
        self._exposed: deque[Exposed] = deque()
        self._met: set[tuple[int, str]] = set()

    def __len__(self) -> int:
        """Slates that are not logged."""
        return len(self._slates)

    def add(self, request_id: str, answer: Any) -> None:
        if len(self._slates) >= SLATES:
            self._count("lost", 1)
            return
        at = time()
        self._slates.append((request_id, answer, at))
        if answer.experiment is not None and answer.query.user is not None:
            self._expose(answer, at)

    def meet_anew(self) -> None:
        """Somebody was forgotten: who comes again has met nothing yet."""
        self._met.clear()

    def log(self) -> None:
        """The oldest; StoreError while the database is away: what it did not take stays."""
        self._handle(self._exposed, len(self._exposed), self._put_exposed)
        self._handle(self._slates, min(len(self._slates), WRITE_SLATES), self._put_slates)

    def _expose(self, answer: Any, at: float) -> None:
        key = (answer.experiment["id"], answer.query.user)
        if key in self._met:
            return
        if len(self._met) > MET:
            self._met.clear()
        self._met.add(key)
        row = {"test": key[0], "user": key[1], "arm": answer.experiment["arm"], "at": int(at)}
        self._exposed.append((row, at))

    def _handle(self, queue: deque[Any], n: int, put: Callable[[Sequence[Any]], None]) -> None:
        """The first n of a queue leave it once they are written. One that is refused costs the others nothing."""
        some = [queue[k] for k in range(n)]
        try:
            if some:
                put(some)
        except Exception as error:
            if isinstance(error, StoreError) and not refuses_rows(error):
                raise
            if n > 1:
                self._handle(queue, n // 2, put)
                self._handle(queue, n - n // 2, put)
                return
            self._tenant.note(f"slates: {error}")
            self._count("lost", int(queue is self._slates))
        for _ in some:
            queue.popleft()

    def _put_slates(self, some: Sequence[Shown]) -> None:
        with self._tenant.steady.begin() as conn:
            self._lately.read(conn)
            kept = [one for one in some if not self._lately.has(one[1].query.user, one[2])]
            put_slates(conn, [answer.row(request_id, int(at)) for request_id, answer, at in kept], json_text)
        self._count("logged", len(kept))

    def _put_exposed(self, some: Sequence[Exposed]) -> None:
        with self._tenant.steady.begin() as conn:
            self._lately.read(conn)
            gone = [row for row, at in some if self._lately.has(row["user"], at)]
            add_new(conn, ab_assignments, [row for row, _ in some if row not in gone])
        for row in gone:
            self._met.discard((row["test"], row["user"]))

    def _count(self, fate: str, n: int) -> None:
        self._tenant.metrics.slates.labels(self._tenant.name, fate).inc(n)
