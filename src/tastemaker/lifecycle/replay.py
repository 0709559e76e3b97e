"""replay: a past through the whole loop, day by day: foretold, recorded, alarmed, learned again, tried out, activated.

It runs in a project of its own, by the events' clock; the real project is not touched. Each step first imports what
happened, then looks as `tick` does, so whatever is foretold of an outcome was said by a version that could not know it.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from time import monotonic, sleep
from typing import Any, Literal, get_args

import numpy as np

from .. import store as database
from ..data.arrays import Bool, Int64
from ..data.catalog import Catalog
from ..data.dataset import Dataset
from ..data.holdout import has_time
from ..data.load_events import event_keys
from ..errors import DataError, TrainingError
from ..kernels.threads import one_blas_thread
from ..metrics import Interval, mean_loss
from ..monitor import DAY, Chains, track
from ..recipe import Recipe
from ..store import Store
from ..store.experiments import expose, running
from ..store.quality import read_outcomes
from ..watch import Watch
from .candidates import stream
from .imports import catalog_changed
from .learn_events import deploy, event_models, learn_from_events
from .publishing import publish
from .tick import tick_here

WARM = 0.2  # share of the events that the first model learns from before anything is foretold
Policy = Literal["loop", "never", "timer"]
POLICIES = get_args(Policy)


@dataclass(frozen=True)
class Replayed:
    """
    timeline: every decision, oldest first: at (UTC seconds), what, version, reason
    outcomes: foretold ones; accuracy: of their likes, with its interval over users
    at, correct, version: an entry an outcome, in time; trainings: how many candidates were learned
    fair: what limits it
    """

    policy: str
    begins: int
    ends: int
    steps: int
    outcomes: int
    accuracy: Interval
    trainings: int
    activations: int
    seconds: float
    timeline: Sequence[Mapping[str, Any]]
    at: Int64 = field(repr=False)
    correct: Bool = field(repr=False)
    version: Int64 = field(repr=False)
    fair: str = ""

    def as_json(self) -> dict[str, Any]:
        found = {f.name: getattr(self, f.name) for f in fields(self) if f.name not in ("at", "correct", "version")}
        return {**found, "accuracy": vars(self.accuracy)}


@one_blas_thread()
def replay(
    folder: Path, recipe: Recipe, catalog: Catalog, past: Dataset, *, policy: Policy = "loop", step_days: float = 1.0,
    timer_days: int = 30, warm: float = WARM, begins: int | None = None, days_a_second: float = 0.0, seed: int = 0,
    watch: Watch | None = None,
) -> Replayed:  # fmt: skip
    """folder: where the replayed project is made; begins: UTC seconds, else after the first `warm` of the events."""
    watch, started = (watch or Watch()).on(f"replay {policy}"), monotonic()
    if not event_models(recipe):
        raise DataError("A replay needs a model that learns from events. Add [models.ials] to recipe.toml.")
    past = _in_order(past)
    first = _begins(past, warm) if begins is None else begins
    store = Store.create(folder, "sqlite", recipe.as_json())
    try:
        steps = list(_steps(past.events.time, first, step_days))
        watch.progress(0, len(steps))
        _opened(store, recipe, catalog, past, first, seed)
        walk = _Walk(store, recipe, policy, timer_days, seed)
        for n, (mask, now) in enumerate(steps):
            walk.step(past.where(mask), now)
            watch.progress(n + 1, len(steps), accuracy=walk.accuracy())
            if days_a_second:
                sleep(step_days / days_a_second)
        return _summed(store, policy, first, len(steps), monotonic() - started, seed)
    finally:
        store.close()


class _Walk:
    """What happens at each step, and the clock of the timer policy."""

    def __init__(self, store: Store, recipe: Recipe, policy: Policy, timer_days: int, seed: int) -> None:
        self.store, self.recipe, self.policy, self.seed = store, recipe, policy, seed
        self.timer, self.last, self.now, self.chains = timer_days * DAY, 0, 0, Chains(store)

    def step(self, today: Dataset, now: int) -> None:
        self.last, self.now = self.last or now, now
        with self.store.begin() as conn:
            if running(conn) is not None:
                expose(conn, {today.users.ids[u] for u in np.unique(today.events.user)}, int(today.events.time.min()))
            written = today.events.value.astype(np.float64)
            database.put_events(conn, today, event_keys(today, written, has_time(today)))
        if self.policy == "loop":
            tick_here(self.store, self.recipe, seed=self.seed, now=now, chains=self.chains)
            return
        track(self.store, self.recipe.quality, now, self.chains)
        if self.policy == "timer" and now - self.last >= self.timer:
            self._learn_by_the_clock(now)
            self.last = now

    def _learn_by_the_clock(self, now: int) -> None:
        """Who cannot learn, or learns something else from everything, leaves the answering to whoever does it."""
        try:
            _learned_anyway(self.store, self.recipe, self.seed, now)
        except (DataError, TrainingError) as error:
            with self.store.begin() as conn:
                database.record_decision(conn, "rejected", f"skipped: {error}", now)

    def accuracy(self) -> float:
        """Of what was foretold in the last step's window."""
        with self.store.read() as conn:
            found = read_outcomes(conn, self.now - self.recipe.quality.window_days * DAY, self.now)
        return float(np.mean(found.correct)) if len(found) else float("nan")


def _opened(store: Store, recipe: Recipe, catalog: Catalog, past: Dataset, first: int, seed: int) -> None:
    """The catalog, what happened before the beginning, and the first model that learned from it."""
    before = past.where(past.events.time < first)
    with store.begin() as conn:
        database.put_catalog(conn, catalog)
        began = first if len(before) else first - 1  # who answers alone answers the first event too
        catalog_changed(store, recipe, database.read_catalog(conn), conn, len(catalog), began)
        if len(before):
            written = before.events.value.astype(np.float64)
            database.put_events(conn, before, event_keys(before, written, has_time(before)))
    if len(before):
        _learned_anyway(store, recipe, seed, first)


def _learned_anyway(store: Store, recipe: Recipe, seed: int, now: int) -> None:
    """The best model, learned from all there is and activated without being asked whether it is better."""
    with store.read() as conn:
        active = database.active_version(conn)
    assert active is not None
    models = event_models(recipe)
    mine = {active.algorithm: models[active.algorithm]} if active.algorithm in models else models
    lesson = learn_from_events(store, recipe, mine, active, seed, Watch(), now)
    best = deploy(store, lesson, lesson.learned[0], Watch())
    (version,) = publish(store, recipe, lesson, [best], "replay", now, Watch())
    with store.begin() as conn:
        database.activate(conn, version.id, "learned without being compared", now)


def _in_order(past: Dataset) -> Dataset:
    """By time, and received when they happened: nobody knew earlier."""
    if not len(past):
        raise DataError("There are no real events to replay. Run: tastemaker import FILE; or tastemaker replay FILE")
    if len(past) < 2 or has_time(past).mean() < 0.9:
        raise DataError("A replay needs events with times. Name the column of times in [events] of recipe.toml.")
    ordered = past.where(np.argsort(past.events.time, kind="stable"))
    return replace(ordered, events=replace(ordered.events, received_at=ordered.events.time + 1))


def _begins(past: Dataset, warm: float) -> int:
    if not 0.0 <= warm < 1.0:
        raise DataError(f"The share that comes before the replay is {warm:g}; give 0 to 1, such as 0.2.")
    return int(np.quantile(past.events.time, warm, method="higher"))


def _steps(time: Int64, first: int, step_days: float) -> Iterator[tuple[Bool, int]]:
    """The events of each step in which something happened, and the moment at which it ends."""
    step = max(int(step_days * DAY), 1)
    number = np.where(time >= first, (time - first) // step, -1)
    for k in np.unique(number[number >= 0]).tolist():
        yield number == k, first + (k + 1) * step


def _summed(store: Store, policy: str, first: int, steps: int, seconds: float, seed: int) -> Replayed:
    with store.read() as conn:
        found, timeline = read_outcomes(conn, first - 1), database.list_decisions(conn, 1_000_000)
        runs = len(database.list_versions(conn)) - 1
    accuracy = mean_loss(found.correct.astype(np.float64), found.user, stream(seed, "replay"))
    activations = sum(d["what"] == "activated" for d in timeline)
    ends = int(found.at.max()) if len(found) else first
    return Replayed(
        policy, first, ends, steps, len(found), accuracy, runs, activations, seconds, timeline, found.at, found.correct,
        found.version,
    )  # fmt: skip
