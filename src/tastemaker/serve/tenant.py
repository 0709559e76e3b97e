"""One project of a service: its store, what answers, what is remembered, who may ask, and what is to be written."""

from collections import deque
from collections.abc import Callable, Collection
from contextlib import closing
from pathlib import Path
from time import monotonic

from ..data.query import Query
from ..errors import StoreError
from ..store.keys import Key, list_keys
from ..store.limits import Limits
from ..store.store import Store
from .histories import Histories
from .live import Live, Opener
from .logs import log
from .measuring import Metrics
from .settings import Settings
from .shared import UserMarks
from .spool import Spool
from .writing import Writing

RECENT = 64  # queries kept to warm up what comes next
LONG, STEADY = 30.0, 5.0  # seconds that a transaction may take
NOTES = 5.0  # seconds between two log lines that say the same


class Tenant:
    def __init__(
        self, root: Path, settings: Settings, metrics: Metrics, marks: UserMarks, deadline: Callable[[], float],
        limits: Limits,
    ) -> None:  # fmt: skip
        """store: for requests; quick: of the scoring thread; steady: of who writes and who watches. None of them waits
        for connections of the others."""
        self.root, self.name = root, root.resolve().name
        self.metrics, self.marks, self.settings = metrics, marks, settings
        with closing(Store.open(root)) as found:
            self.store = found.limited(limits, LONG)
            self.quick = found.limited(limits, settings.deadline_ms / 2000.0)
            self.steady = found.limited(limits, STEADY)
        self.histories = Histories(self.name, marks)
        self.opener = Opener(self.store, deadline, self.note, settings.memory_mb)
        self.recent: deque[Query] = deque(maxlen=RECENT)
        self.keys: dict[str, Key] = {}
        self.live: Live | None = None
        self.gone: frozenset[str] = frozenset()
        self.up = True
        self.pace = 0.0  # seconds that a question takes, smoothed; 0 = not known of what is live
        self._noted: dict[str, float] = {}
        self.spool = Spool(root, settings.spool_bytes, self._unreadable)  # of the writing thread
        self.writing = Writing(self)

    def start(self) -> None:
        self.read_keys()
        self.writing.start()

    def read_keys(self) -> None:
        with self.steady.read() as conn:
            self.keys = {key.id: key for key in list_keys(conn) if key.revoked_at is None}

    def changed(self, users: Collection[str]) -> None:
        """What is remembered of them is old from now on, in every worker."""
        for user in users:
            self.marks.touch(self.name, user)

    def delist(self, gone: Collection[str]) -> None:
        """At once; the store says so to the others."""
        live = self.live
        if live is not None and gone:
            self.live = live.without(frozenset(gone))

    def took(self, seconds: float, n: int) -> None:
        """That many questions were answered together."""
        self.pace += (0.2 if self.pace else 1.0) * (seconds / n - self.pace)

    def check_up(self) -> None:
        """StoreError while the database is known to be away: nobody has to wait to find that out again."""
        if not self.up:
            raise StoreError("The database is away.")

    def is_down(self) -> None:
        self.up = False
        self.metrics.up.labels(self.name).set(0)

    def is_up(self) -> None:
        self.up = True
        self.metrics.up.labels(self.name).set(1)

    def note(self, message: str) -> None:
        """Something failed and was answered all the same: counted, and logged now and then."""
        what = message.partition(":")[0]
        self.metrics.failures.labels(self.name, what[:60]).inc()
        now = monotonic()
        if now - self._noted.get(what, -NOTES) >= NOTES:
            self._noted[what] = now
            log("warning", message, project=self.name)

    def close(self) -> None:
        self.writing.stop()
        if self.writing.is_alive():
            self.writing.join(15.0)
        for store in (self.store, self.quick, self.steady):
            store.close()

    def _unreadable(self, n: int) -> None:
        self.metrics.events.labels(self.name, "unreadable").inc(n)
        self.note(f"replaying: {n} lines of the spool cannot be read and were put aside, see spool/*.bad")
