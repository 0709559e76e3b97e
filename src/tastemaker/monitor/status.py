"""One look at a project: what answers, since when and why, how well, what rings, and what to do next."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import sqlalchemy as sa

from ..store.decisions import list_decisions
from ..store.events import EventCount, count_events
from ..store.experiments import Experiment, overtaken, running
from ..store.jobs import Job, list_jobs
from ..store.quality import count_new, read_outcomes
from ..store.store import Store
from ..store.tables import items, users
from ..store.versions import ModelVersion, active_version, list_activations
from .alarms import Alarm, alarms
from .answering import Log
from .drift import Drift, drifts
from .limits import DAY, Limits
from .quality import Figures, figures

Json = dict[str, Any]
TRIED = ("trained", "retrained", "rejected", "failed")  # decisions that tell what became of a training
MENDED = (*TRIED, "activated", "rolled back", "alarm")  # and those after which a rejection is of no matter any more
CRON = "Nothing needs you. Let cron call: tastemaker tick"


@dataclass(frozen=True)
class Status:
    """
    version, since, why: what answers, since when (UTC seconds) and why; None, None, "" = nothing does
    judged: what it was judged by before it answered -> (value, low, high)
    window, first: outcomes of the last `limits.window_days`, and of the version's own first `limits.first_days`
    events: real and synthetic; new: real ones that we heard of since the version was made; waiting: not yet compared
    next:   sentences
    """

    name: str
    title: str
    items: int
    listed: int
    users: int
    events: EventCount
    new: int
    waiting: int
    version: ModelVersion | None
    since: int | None
    why: str
    judged: Mapping[str, tuple[float, float, float]]
    window: Figures
    first: Figures
    alarms: Sequence[Alarm]
    drifts: Sequence[Drift]
    experiment: Experiment | None
    decisions: Sequence[Json]
    jobs: Sequence[Job]
    limits: Limits
    next: Sequence[str]

    def as_json(self) -> Json:
        said = [{**asdict(alarm), "text": str(alarm)} for alarm in self.alarms]
        return asdict(self) | {"alarms": said, "events": self.events._asdict()}


def status(store: Store, now: int) -> Status:
    """Reads only; on a project of any age, also one that has nothing yet. now: UTC seconds."""
    recipe = store.recipe()
    limits = Limits.of(recipe)
    with store.read() as conn:
        version, log, decided = active_version(conn), Log.read(conn), list_decisions(conn)
        last = next((row for row in reversed(list_activations(conn)) if version and row["version"] == version.id), None)
        began = None if last is None else int(last["at"])
        waiting = 0 if log.first is None else count_new(conn, log.first, unjudged=True)
        experiment = running(conn)
        drifted = [] if version is None else drifts(conn, version, limits, now)
        found: Json = {
            "name": store.root.resolve().name, "title": str(recipe.get("title", "")), **_counts(conn),
            "new": 0 if version is None else count_new(conn, version.created_at), "waiting": waiting,
            "version": version, "since": began, "why": "" if last is None else str(last["reason"]),
            "judged": {} if version is None else judged_before(version), **_figures(conn, version, began, limits, now),
            "alarms": alarms(conn, limits, now, drifted), "experiment": experiment, "drifts": drifted,
            "decisions": decided[-5:], "jobs": list_jobs(conn, 3), "limits": limits,
        }  # fmt: skip
        lost = experiment is not None and overtaken(conn, experiment)
    return Status(**found, next=tuple(_next(found, decided, lost)))


def judged_before(version: ModelVersion) -> dict[str, tuple[float, float, float]]:
    """What a version was judged by before it answered, as its row keeps it: name -> (value, low, high)."""
    metrics = version.metrics
    if "later" in metrics:
        each = metrics["later"].get("metrics", {})
        chosen = dict.fromkeys(name for name in (metrics.get("metric"), "accuracy", "ndcg") if name in each)
        where = "was kept aside" if version.data_to is None else "came later"  # undated events have no later part
        return {f"{name}, on what {where}": _interval(each[name].get("model", each[name])) for name in chosen}
    if "real" in metrics:
        each = metrics["real"].get("metrics", {})
        return {f"{name}, on held-out users": _interval(one["model"]) for name, one in each.items() if "model" in one}
    if "quality" in metrics:
        share = float(metrics["quality"]["share"])
        return {"share of the way from random to the oracle, on invented users": (share, share, share)}
    return {}


def _interval(said: Mapping[str, float]) -> tuple[float, float, float]:
    mean, low, high = (float("nan") if said[name] is None else float(said[name]) for name in ("mean", "low", "high"))
    return mean, low, high


def _counts(conn: sa.Connection) -> Json:
    count = sa.func.count()
    return {
        "items": conn.scalar(sa.select(count).select_from(items)) or 0,
        "listed": conn.scalar(sa.select(count).select_from(items).where(items.c.available)) or 0,
        "users": conn.scalar(sa.select(count).select_from(users).where(~users.c.synthetic)) or 0,
        "events": count_events(conn),
    }


def _figures(conn: sa.Connection, version: ModelVersion | None, began: int | None, limits: Limits, now: int) -> Json:
    id_, start = (-1, 0) if version is None or began is None else (version.id, began)
    first = read_outcomes(conn, start, min(start + limits.first_days * DAY, now), id_)
    return {"window": figures(read_outcomes(conn, now - limits.window_days * DAY, now, id_)), "first": figures(first)}


def _next(found: Json, decided: Sequence[Json], lost: bool) -> list[str]:
    """What is missing first; then what rings; then what waits; nothing else, that cron does it."""
    steps = list(_steps(found, decided, lost))
    return steps or ([CRON] if found["events"].real else [])


def _last(decided: Sequence[Json], kinds: Sequence[str]) -> str:
    return next((str(one["what"]) for one in reversed(decided) if one["what"] in kinds), "")


def _steps(found: Json, decided: Sequence[Json], lost: bool) -> Iterator[str]:
    version: ModelVersion | None = found["version"]
    events: EventCount = found["events"]
    if not found["items"]:
        yield "There is no catalog yet. Run: tastemaker import --catalog FILE"
        return
    if version is None:
        yield "Nothing answers. Choose a version: tastemaker versions; tastemaker activate N"
        return
    if found["alarms"] and _last(decided, MENDED) == "rejected":
        yield "Learning again was tried and did not help; it is tried again as more comes in. See: tastemaker impact"
    else:
        yield from dict.fromkeys(f"{alarm.advice}." for alarm in found["alarms"])
    if _last(decided, TRIED) == "failed":
        yield "The last training failed under way, and is tried again. See why: tastemaker jobs list"
    if found["waiting"]:
        yield f"{found['waiting']} outcomes wait to be compared with what was foretold. Run: tastemaker tick"
    if lost:
        yield "Another version was activated since the experiment began. End it: tastemaker experiment stop"
    elif found["experiment"] is not None:
        yield "An experiment is running. See: tastemaker experiment report"
    if events.real and not version.events_real and not events.synthetic:
        yield f"{events.real} real events have taught nobody yet. Run: tastemaker train"
    elif not events.real and not events.synthetic:
        yield "Nothing has been learned yet. Run: tastemaker pretrain; or import what users did: tastemaker import FILE"
    elif not events.real:
        yield "No real user has been heard of. Import what users did: tastemaker import FILE"
