"""One process of the service: its projects, its one scoring thread, and how a question finds its answer in time."""

import asyncio
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from time import monotonic
from typing import Any

from ..data.query import Query
from ..errors import StoreError
from ..store.keys import Key, parts_of
from ..store.limits import Limits
from .asking import Answer, Ask
from .emergency import without_model
from .logs import log
from .measuring import Metrics
from .problems import ASK, Refused
from .rates import Rates
from .scoring import Scoring
from .settings import Settings
from .shared import UserMarks
from .tenant import Tenant
from .watching import Watching

GRACE = 0.05  # seconds beyond the deadline that the scoring thread gets to say something better than nothing
SWEEP = 0.02
AGAIN = 1.0  # seconds between two attempts to open a project
OPEN_DOOR = Key("local", "local", "", ("read", "ingest", "admin"), None, 0)


@dataclass(frozen=True, slots=True)
class Caller:
    tenant: Tenant
    key: Key


class Worker:
    def __init__(self, settings: Settings) -> None:
        self.settings, self.metrics = settings, Metrics()
        self.marks = UserMarks(Path(settings.marks) if settings.marks else None)
        self.scoring = Scoring(settings.batch, self.metrics)
        self.limits = Limits()
        self.rates = Rates(settings.rate, settings.burst, settings.workers)
        self.tenants: dict[str, Tenant] = {}
        self._watching: list[Watching] = []
        self._names = [Path(root).resolve().name for root in settings.projects]
        self._tried: set[str] = set()
        self._pending: deque[Ask] = deque()
        self._tasks: list[asyncio.Task[None]] = []

    @cached_property
    def deadline(self) -> float:
        return self.settings.deadline_ms / 1000.0

    @property
    def ready(self) -> bool:
        """Somebody can be answered, and nobody was not even tried: a project that is away keeps no other one back."""
        looked = len(self._tried) == len(self.settings.projects) and all(one.looked for one in self._watching)
        return looked and self.scoring.is_alive() and any(tenant.live is not None for tenant in self.tenants.values())

    async def start(self) -> None:
        self.scoring.start()
        roots = [asyncio.create_task(self._open(Path(root))) for root in self.settings.projects]
        self._tasks = [*roots, asyncio.create_task(self._sweep())]

    async def stop(self) -> None:
        for task in self._tasks:
            task.cancel()
        for watching in self._watching:
            watching.stop()
        await asyncio.to_thread(self._close)

    def _close(self) -> None:
        for watching in self._watching:
            watching.join(5.0)
        for tenant in self.tenants.values():
            tenant.close()
        self.scoring.stop()

    async def _open(self, root: Path) -> None:
        """Until it is open: a database that is away may come back."""
        while True:
            try:
                tenant = await asyncio.to_thread(self._opened, root)
            except StoreError as error:
                log("error", f"cannot open the project: {error}", project=root.name)
                self._tried.add(str(root))
                await asyncio.sleep(AGAIN)
            else:
                break
        opened = {**self.tenants, tenant.name: tenant}
        self.tenants = {name: opened[name] for name in self._names if name in opened}
        self._watching.append(Watching(tenant, self.scoring, self.settings.poll_ms / 1000.0))
        self._watching[-1].start()
        self._tried.add(str(root))

    def _opened(self, root: Path) -> Tenant:
        tenant = Tenant(root, self.settings, self.metrics, self.marks, lambda: self.scoring.deadline, self.limits)
        tenant.start()
        return tenant

    async def _sweep(self) -> None:
        """Who waited too long gets what needs no model; a database that took too long is waited for no more."""
        pending = self._pending
        while True:
            await asyncio.sleep(SWEEP)
            self.limits.enforce()
            now = monotonic()
            while pending and (pending[0].future.done() or pending[0].deadline + GRACE < now):
                ask = pending.popleft()
                if not ask.future.done():
                    self._late(ask)

    def _late(self, ask: Ask) -> None:
        self.metrics.failures.labels(ask.tenant.name, "too late").inc()
        try:
            ask.future.set_result(without_model(ask, f"nothing better within {self.settings.deadline_ms} ms"))
        except Exception as error:  # of this question; the next ones wait as well
            ask.future.set_exception(error)

    def caller(self, authorization: str, project: str) -> Caller:
        """Who asks; Refused where nobody is known by this key. project: named by a header, for the open door only."""
        if self.settings.open_door:
            name = project or self._names[0]
            if name not in self._names:
                raise Refused(404, f"No project is called {project[:100]!r}.")
            if name not in self.tenants:
                raise Refused(503, "The service is starting. Ask again in a moment.", {"Retry-After": "1"})
            return Caller(self.tenants[name], OPEN_DOOR)
        kind, _, token = authorization.partition(" ")
        parts = parts_of(token.strip()) if kind.lower() == "bearer" else None
        if parts is not None:
            for tenant in self.tenants.values():
                key = tenant.keys.get(parts[0])
                if key is not None and key.opened_by(parts[1]):
                    return Caller(tenant, key)
        if len(self.tenants) < len(self.settings.projects):
            raise Refused(503, "The service is starting. Ask again in a moment.", {"Retry-After": "1"})
        self.metrics.refused.labels("no key").inc()
        detail = "Send a key: Authorization: Bearer tm_… One is made by: tastemaker keys create NAME --scope read"
        raise Refused(401, f"{detail}. {ASK}", {"WWW-Authenticate": 'Bearer realm="tastemaker"'})

    def admit(self, caller: Caller) -> None:
        """Refused where the key asks too often."""
        if caller.key is OPEN_DOOR:
            return
        wait = self.rates.take(caller.key.id, caller.key.rate)
        if wait:
            self.metrics.refused.labels("rate").inc()
            raise Refused(429, "This key asks too often.", {"Retry-After": str(max(1, round(wait + 0.5)))})

    async def answer(
        self, tenant: Tenant, said: Mapping[str, Any], explain: bool = False, similar: bool = False,
        diversity: float = 0.0,
    ) -> Answer:  # fmt: skip
        if tenant.live is None:
            raise Refused(503, "The project is not open yet. Ask again in a moment.", {"Retry-After": "1"})
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Answer] = loop.create_future()
        deadline = monotonic() + self.deadline
        ask = Ask(tenant, said, future, loop, deadline, explain, similar, diversity)
        self._pending.append(ask)
        self.scoring.ask(ask)
        return await future

    async def explain(self, tenant: Tenant, query: Query, version: str) -> Answer:
        """An answer of the past once more, with its reasons."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Answer] = loop.create_future()
        most = 10 * self.deadline
        deadline = monotonic() + most
        self.scoring.ask(Ask(tenant, {"n": query.n}, future, loop, deadline, explain=True, then=(query, version)))
        try:
            return await asyncio.wait_for(future, most + GRACE)
        except TimeoutError:
            raise Refused(503, "Too busy to explain. Ask again in a moment.", {"Retry-After": "1"}) from None

    def shown(self, tenant: Tenant, request_id: str, answer: Answer) -> None:
        """Count an answer, and log it."""
        slate = answer.slate
        self.metrics.answer(tenant.name, slate.level, slate.version, slate.arm)
        if self.settings.slates:
            tenant.writing.shown(request_id, answer)
