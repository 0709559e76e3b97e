"""Queries that wait together are answered together: by a thread of their own, or by the loop where that takes no time.

Compiled kernels may not run in two threads of a process at once (docs/architecture.md), and a batch costs little more
than one query. Whatever fails, every question is answered: by a lower level, one by one, or by the newest items.
To wake a thread and to be woken by it costs more than a quick answer: where histories are remembered and the model has
shown that it is quick, the loop answers what came with one look at its sockets, at the end of its round.
"""

import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from queue import Empty, SimpleQueue
from threading import Lock, Thread
from time import monotonic, time
from typing import Any

import numpy as np

from ..data.query import Query, Slate
from ..errors import QueryError, StoreError
from ..store.answers import Answers
from .asking import Answer, Ask, answered
from .diverse import diversified, widened
from .emergency import without_model
from .live import Live
from .logs import log
from .measuring import Metrics

SWITCH = 0.0005  # seconds after which a thread hands the interpreter on: it has a loop waiting beside it
QUICK = 0.02  # seconds a batch may take that the loop answers itself
PLAIN = {"user", "n"}  # what such a question says
AWAY = "the user's history cannot be read"
Done = tuple[Ask, Answer | BaseException]


class Scoring(Thread):
    """Started once a worker. deadline: of the batch at hand, which levels look at before they begin."""

    def __init__(self, batch: int, metrics: Metrics) -> None:
        super().__init__(name="scoring", daemon=True)
        self.deadline = 0.0
        self._batch, self._metrics = batch, metrics
        self._queue: SimpleQueue[Ask | Callable[[], None] | None] = SimpleQueue()
        self._rng = np.random.default_rng()
        self._busy = Lock()  # held by who scores
        self._soon: list[Ask] = []

    def ask(self, ask: Ask) -> None:
        """In the loop that waits for the answer."""
        if not self._is_quick(ask):
            self._queue.put(ask)
            return
        if not self._soon:
            ask.loop.call_soon(self._answer_soon)
        self._soon.append(ask)

    @staticmethod
    def _is_quick(ask: Ask) -> bool:
        tenant, said = ask.tenant, ask.said
        if not 0.0 < tenant.pace < QUICK / 4 or ask.explain or ask.similar or ask.then is not None or ask.diversity:
            return False
        return said.keys() == PLAIN and tenant.histories.is_fresh(said["user"])

    def _answer_soon(self) -> None:
        """In the loop: it waits for nobody, and no longer than a batch takes."""
        asks, self._soon = self._soon, []
        quick = [ask for ask in asks[: self._batch] if self._is_quick(ask)]  # something may have changed since
        try:
            takes = sum(ask.tenant.pace for ask in quick)
            if 0.0 < takes < QUICK and self._queue.empty() and self._busy.acquire(blocking=False):
                try:
                    _resolve(self._answer_safely(quick))
                finally:
                    self._busy.release()
        finally:
            for ask in asks:
                if not ask.future.done():
                    self._queue.put(ask)

    def do(self, work: Callable[[], None]) -> None:
        """Between two batches: warming up a model, say."""
        self._queue.put(work)

    def stop(self) -> None:
        self._queue.put(None)

    @property
    def waiting(self) -> int:
        return self._queue.qsize()

    def run(self) -> None:
        sys.setswitchinterval(SWITCH)
        while True:
            asks, rest = self._next()
            with self._busy:
                if asks:
                    _hand_over(self._answer_safely(asks))
                for work in rest or ():
                    try:
                        work()
                    except Exception as error:  # nobody else answers: this thread must not die
                        log("error", f"between two batches: {error!r}")
            if rest is None:
                return

    def _next(self) -> tuple[list[Ask], list[Callable[[], None]] | None]:
        """All that wait, at most a batch; None = the end."""
        asks: list[Ask] = []
        work: list[Callable[[], None]] = []
        found: Ask | Callable[[], None] | None = self._queue.get()
        while True:
            if found is None:
                return asks, None
            if isinstance(found, Ask):
                asks.append(found)
            else:
                work.append(found)
            if len(asks) >= self._batch or work:
                return asks, work
            try:
                found = self._queue.get_nowait()
            except Empty:
                return asks, work

    def _answer_safely(self, asks: Sequence[Ask]) -> list[Done]:
        try:
            return self._answer_all(asks)
        except Exception as error:
            asks[0].tenant.note(f"a batch: {error!r}")
            return [(ask, _emergency(ask, error)) for ask in asks]

    def _answer_all(self, asks: Sequence[Ask]) -> list[Done]:
        begun = monotonic()
        done: list[Done] = []
        groups: dict[int, list[Ask]] = {}
        for ask in asks:
            self._metrics.stage("waited", begun - ask.begun)
            if not ask.future.done():
                groups.setdefault(id(ask.tenant), []).append(ask)
        for group in groups.values():
            done += self._answer(group)
        self._metrics.batch(len(asks), monotonic() - begun)
        return done

    def _answer(self, asks: Sequence[Ask]) -> list[Done]:
        """Of one project: all by what is live at this moment."""
        tenant, live = asks[0].tenant, asks[0].tenant.live
        if live is None:
            return [(ask, StoreError("The project is not open yet. Ask again in a moment.")) for ask in asks]
        self.deadline = min(ask.deadline for ask in asks)
        known, trouble = self._known(asks, live)
        begun = monotonic()
        self._metrics.stage("histories", begun - max(ask.begun for ask in asks))
        done: list[Done] = []
        groups: dict[tuple[int, bool, bool], list[tuple[Ask, Query, Any]]] = {}
        for ask in asks:
            answers, dealt = live.dealt(ask.said.get("user")) if ask.then is None else (live.then(ask.then[1]), None)
            try:
                query = _query(ask, answers, known)
            except Exception as error:
                done.append((ask, error if isinstance(error, QueryError) else _emergency(ask, error)))
                continue
            groups.setdefault((id(answers), ask.explain, ask.similar), []).append((ask, query, (answers, dealt)))
        for (_, explain, similar), members in groups.items():
            done += self._score(live, members, explain, similar, trouble)
        tenant.took(monotonic() - begun, len(asks))
        tenant.recent.extend(one.query for _, one in done[-2:] if isinstance(one, Answer) and one.whole)
        return done

    def _known(self, asks: Sequence[Ask], live: Live) -> tuple[dict[str, Query], dict[str, str]]:
        """user -> what is known of them; user -> why that may be too little."""
        tenant = asks[0].tenant
        users = [user for ask in asks if (user := ask.said.get("user")) is not None]
        try:
            tenant.check_up()
            read, scales, around = tenant.quick.read, live.answers.scales, bool(live.answers.contexts)
            return tenant.histories.known(users, read, live.catalog, scales, around), {}
        except Exception as error:
            if not isinstance(error, StoreError):
                tenant.note(f"reading histories: {error!r}")
            tenant.is_down()
            found = {user: tenant.histories.remembered(user) for user in users}
            known = {user: query if query is not None else Query(user=user) for user, query in found.items()}
            return known, {user: AWAY if found[user] is None else f"{AWAY}; an older one is used" for user in users}

    def _score(
        self, live: Live, members: list[tuple[Ask, Query, Any]], explain: bool, similar: bool, trouble: dict[str, str]
    ) -> list[Done]:
        begun = monotonic()
        answers: Answers = members[0][2][0]
        queries = [query for _, query, _ in members]
        try:
            slates: Sequence[Slate | BaseException] = _slates(answers, members, explain, similar, self._rng, live)
        except Exception as error:  # one of them may be to blame: the others get their answer all the same
            slates = self._one_by_one(live, members, explain, similar, error)
        self._metrics.stage("scored", monotonic() - begun)
        done: list[Done] = []
        for (ask, _, (_, dealt)), query, slate in zip(members, queries, slates, strict=True):
            if isinstance(slate, BaseException):
                done.append((ask, slate))
                continue
            why = "; ".join(filter(None, [*ask.notes, trouble.get(query.user or ""), slate.level_reason]))
            told = slate if why == slate.level_reason else replace(slate, level_reason=why)
            if dealt is not None:
                told = replace(told, arm=dealt["arm"])
            done.append((ask, answered(live, query, told, dealt, explain)))
        return done

    def _one_by_one(
        self, live: Live, members: list[tuple[Ask, Query, Any]], explain: bool, similar: bool, error: Exception
    ) -> list[Slate | BaseException]:
        found: list[Slate | BaseException] = []
        for member in members:
            ask, query, (answers, _) = member
            try:
                if len(members) == 1:
                    raise error
                found += _slates(answers, [member], explain, similar, self._rng, live)
            except (QueryError, StoreError) as refused:
                found.append(refused)
            except Exception as failed:
                ask.tenant.note(f"answering: {failed!r}")
                found.append(live.newest(query, f"nothing else could answer: {type(failed).__name__}"))
        return found


def _hand_over(done: Sequence[Done]) -> None:
    for loop in {ask.loop for ask, _ in done}:
        mine = [one for one in done if one[0].loop is loop]
        try:
            loop.call_soon_threadsafe(_resolve, mine)
        except RuntimeError:  # the loop has ended: nobody waits any more
            continue


def _emergency(ask: Ask, error: Exception) -> Answer | Exception:
    try:
        return without_model(ask, f"nothing else could answer: {type(error).__name__}")
    except Exception as refused:
        return refused


def _resolve(done: Sequence[Done]) -> None:
    """In the loop that waits."""
    for ask, answer in done:
        if ask.future.done():
            continue
        if isinstance(answer, BaseException):
            ask.future.set_exception(answer)
        else:
            ask.future.set_result(answer)


def _query(ask: Ask, answers: Answers, known: dict[str, Query]) -> Query:
    if ask.then is not None:
        return ask.then[0]
    said, user = ask.said, ask.said.get("user")
    tastes = answers.recommender.tastes
    base = Query() if user is None else known[user]
    if base.profile and not base.profile.keys() <= set(tastes):
        base = replace(base, profile={taste: v for taste, v in base.profile.items() if taste in tastes})
    if len(said) == 2 and user is not None:  # the user and how many: no name has to be looked up
        return replace(base, n=min(said["n"], max(len(answers.catalog), 1)), now=int(time()))
    return answers.query(**{**said, "known": base, "now": said.get("now") or int(time()), "notes": ask.notes})


def _slates(
    answers: Answers, members: list[tuple[Ask, Query, Any]], explain: bool, similar: bool, rng: np.random.Generator,
    live: Live,
) -> list[Slate]:  # fmt: skip
    if similar:
        if live.alike is None:
            raise StoreError("Nothing here compares items. Import a catalog: tastemaker import --catalog FILE")
        return live.alike.recommend([query for _, query, _ in members], explain)
    wide = [widened(query, ask.diversity) for ask, query, _ in members]
    explored = rng if live.explore > 0 else None
    slates = answers.recommender.recommend(wide, explain, explored)
    return [
        slate if not ask.diversity else diversified(slate, query.n, ask.diversity, live)
        for (ask, query, _), slate in zip(members, slates, strict=True)
    ]
