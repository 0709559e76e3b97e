"""tick: what cron, `watch` or the service calls: look, and train when it is time; never two at once."""

import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from time import time
from typing import Any

from sqlalchemy import Connection

from .. import store as database
from ..errors import Cancelled, LeaseHeld, StoreError, TastemakerError
from ..monitor import Alarm, Chains, Tracked, alarms, track
from ..recipe import Recipe
from ..store import Store
from ..watch import Watch
from .carry import carry_out
from .catalog_job import CATALOG, refresh_catalog
from .concluding import conclude
from .explaining import WORDS
from .leased import TRAINING, leased, refusal, while_held
from .retrain import Retrained, retrain
from .triggers import FAILED, Trigger, trigger

POINTS = 300  # reports that a job's row keeps


@dataclass(frozen=True)
class Ticked:
    """tracked: outcomes that were foretold and are judged now; done: None when nothing was learned

    busy: who holds the lease, "" = nobody did; swept: jobs whose process had died
    concluded: the verdict of an experiment that ended; unread: why another program's tables could not be read
    at: UTC seconds
    """

    tracked: Tracked
    alarms: Sequence[Alarm]
    trigger: Trigger
    done: Retrained | None = None
    job: int | None = None
    busy: str = ""
    swept: Sequence[int] = ()
    concluded: str = ""
    at: int = 0
    unread: str = ""


def look(store: Store, recipe: Recipe, now: int, force: bool = False, chains: Chains | None = None) -> Ticked:
    """Judge new outcomes, ring alarms, and say whether it is time to learn; nothing is learned."""
    with store.begin() as conn:
        swept = database.sweep_jobs(conn, now)
        for id_ in swept:
            _failed(conn, database.find_job(conn, id_), now)
    tracked = track(store, recipe.quality, now, chains)
    concluded = conclude(store, recipe.retrain.experiment_days, now)
    with store.begin() as conn:
        found = alarms(conn, recipe.quality, now)
        _log(conn, found, now)
        why = trigger(conn, recipe, database.active_version(conn), found, force, now, concluded.waits)
        lease = database.find_lease(conn, TRAINING)
    busy = refusal(lease) if lease is not None and database.held(lease, int(time())) else ""
    return Ticked(tracked, found, why, busy=busy, swept=swept, concluded=concluded.over, at=now)


def tick(
    store: Store, recipe: Recipe, *, search: bool = False, force: bool = False, seed: int = 0, now: int | None = None
) -> Ticked:
    """Look, and train in a process of its own when it is time."""
    looked = look(store, recipe, int(time()) if now is None else now, force)
    if not looked.trigger.wanted or looked.busy:
        return looked
    with store.begin() as conn:
        arguments = {"reason": looked.trigger.why, "seed": seed, "search": _search(recipe, looked, search)}
        id_ = database.add_job(conn, "retrain", arguments, int(time()), database.new_holder())
    subprocess.run(
        [sys.executable, "-m", "tastemaker", "jobs", "run", str(id_), "-p", str(store.root), "-q"],
        check=False,
        stdout=subprocess.DEVNULL,
    )
    with store.begin() as conn:
        queued = database.find_job(conn, id_).state == "queued"
        lost = "its process died before it began" if queued else "its process died"
        database.end_job(conn, id_, "failed", int(time()), None, lost)  # unless it is over
        job = database.find_job(conn, id_)
        if job.state == "failed":
            _failed(conn, job, looked.at)
    if job.result is None:
        return replace(looked, job=id_, busy=job.error or "")
    return replace(looked, job=id_, done=Retrained(**job.result))


def tick_here(
    store: Store, recipe: Recipe, *, search: bool = False, force: bool = False, seed: int = 0, now: int | None = None,
    watch: Watch | None = None, chains: Chains | None = None,
) -> Ticked:  # fmt: skip
    """The same in this process, and by any clock. chains: of versions that are open, for who calls often."""
    at = int(time()) if now is None else now
    looked = look(store, recipe, at, force, chains)
    if not looked.trigger.wanted or looked.busy:
        return looked
    with leased(store) as holder:
        tried, mine = _search(recipe, looked, search), while_held(watch or Watch(), TRAINING, holder)
        done = retrain(store, recipe, looked.trigger.why, seed, mine, search=tried, now=now)
    return replace(looked, done=done)


def run_job(store: Store, recipe: Recipe, id_: int, watch: Watch) -> None:
    """Carry out a job of the table, under the lease; what came of it, or why it failed, is kept in its row."""
    with store.read() as conn:
        if database.find_job(conn, id_).kind == CATALOG:
            refresh_catalog(store, recipe, id_)
            return
    try:
        with store.read() as conn:
            kind = database.find_job(conn, id_).kind
        name = WORDS if kind == WORDS else TRAINING
        with leased(store, name) as holder:
            with store.begin() as conn:
                job = database.start_job(conn, id_, holder, int(time()))
            done = carry_out(store, recipe, job, _reporting(store, id_, while_held(watch, name, holder)))
            state, result, error = "done", done, None
    except Cancelled as stopped:
        state, result, error = "cancelled", None, str(stopped)
    except LeaseHeld as held:
        state, result, error = "cancelled", None, str(held)
    except TastemakerError as trouble:
        state, result, error = "failed", None, str(trouble)
    with store.begin() as conn:
        database.end_job(conn, id_, state, int(time()), result, error)


def _reporting(store: Store, id_: int, watch: Watch) -> Watch:
    """The same watch, keeping once a second in the table how far the job is, and stopping it when it was cancelled."""
    from ..watch import Progress

    last, going, curve = [0.0], [True], list[dict[str, Any]]()

    def report(progress: Progress) -> None:
        watch.report(progress)
        if time() - last[0] >= 1.0:
            last[0] = time()
            said = {"stage": progress.stage, "done": progress.done, "total": progress.total, **progress.metrics}
            curve.append({"at": int(last[0]), **said})
            said["curve"] = curve[-POINTS:]
            with suppress(StoreError), store.begin() as conn:  # a database that is busy: the next report tells
                going[0] = database.report_job(conn, id_, said)

    def settles(conn: Connection) -> bool:
        return watch.settles(conn) and database.settle_job(conn, id_)

    return replace(watch, report=report, cancelled=lambda: watch.cancelled() or not going[0], settles=settles)


def _failed(conn: Connection, job: database.Job, now: int) -> None:
    """A training that ended under way: nothing was learned, so what is new stays new."""
    if job.kind == "retrain":
        said = f"job {job.id} failed: {job.error}"
        database.record_decision(conn, FAILED, said, now, None, {"job": job.id})


def _search(recipe: Recipe, looked: Ticked, asked: bool) -> int:
    return recipe.retrain.search if asked or looked.trigger.failed else 0


def _log(conn: Connection, found: Sequence[Alarm], now: int) -> None:
    """An alarm is logged when it begins, not at every look."""
    ringing = {d["detail"]["check"] for d in _since_quiet(conn)}
    for alarm in found:
        if alarm.check not in ringing:
            database.record_decision(conn, "alarm", str(alarm), now, None, {"check": alarm.check, "value": alarm.value})
    for check in ringing - {alarm.check for alarm in found}:
        database.record_decision(conn, "alarm over", f"{check} is within its limit again", now, None, {"check": check})


def _since_quiet(conn: Connection) -> list[dict[str, Any]]:
    """Alarms that rang and did not end."""
    open_: dict[str, dict[str, Any]] = {}
    for decision in database.list_decisions(conn):
        if decision["what"] == "alarm":
            open_[decision["detail"]["check"]] = decision
        elif decision["what"] == "alarm over":
            open_.pop(decision["detail"]["check"], None)
    return list(open_.values())
