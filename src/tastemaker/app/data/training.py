"""Jobs, how far they are, what trainings were like, and what is still missing before learning is worth it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ...monitor import Status
from ...store import Job, ModelVersion, Store, find_job, list_jobs, list_runs, list_versions
from .. import words
from .plot import Plot, Row, moment_of

FEW_EVENTS = 10  # that are new, below which no candidate can be judged (lifecycle: later.FEW)
FEW_USERS = 5  # as later.FEW_USERS in lifecycle; where moments are judged, days of one user may tell enough
ALIVE = ("queued", "running")


@dataclass(frozen=True)
class Need:
    """have of need; why: what it is needed for"""

    name: str
    have: int
    need: int
    why: str

    @property
    def share(self) -> float:
        return min(1.0, self.have / self.need) if self.need else 1.0

    @property
    def missing(self) -> int:
        return max(0, self.need - self.have)


def jobs(store: Store, most: int = 20) -> list[Job]:
    with store.read() as conn:
        return list_jobs(conn, most)


def job(store: Store, id_: int) -> Job:
    with store.read() as conn:
        return find_job(conn, id_)


def busy(found: Sequence[Job]) -> Job | None:
    """The one that runs, else the one that waits."""
    return next((j for state in reversed(ALIVE) for j in found if j.state == state), None)


def job_rows(found: Sequence[Job]) -> list[Row]:
    return [
        {
            words.COL_JOB: j.id,
            words.COL_WHAT: words.JOB_KINDS.get(j.kind, j.kind),
            words.COL_STATE: j.state,
            words.COL_BEGAN: moment_of(j.started_at or j.created_at),
            words.COL_TOOK: took(j),
            words.COL_RESULT: outcome(j),
        }
        for j in found
    ]


def took(found: Job) -> str:
    if found.started_at is None or found.ended_at is None:
        return ""
    seconds = found.ended_at - found.started_at
    return f"{seconds} s" if seconds < 120 else f"{seconds / 60:.0f} min"


def outcome(found: Job) -> str:
    if found.error:
        return found.error
    if found.result:
        return f"{found.result.get('what')}: {found.result.get('reason')}"
    said = found.progress
    return f"{said['stage']}: {said['done']} of {said['total']}" if said else ""


def live_plot(found: Job) -> Plot | None:
    """What is improving in the stage that runs; None while nothing was reported."""
    curve: Sequence[Mapping[str, Any]] = (found.progress or {}).get("curve") or ()
    if not curve:
        return None
    stage = curve[-1]["stage"]
    plain = {"at", "stage", "done", "total"}
    rows = [
        {"step": point["done"], "value": value, "metric": name.replace("_", " ")}
        for point in curve if point["stage"] == stage for name, value in point.items() if name not in plain
    ]  # fmt: skip
    if not rows:
        return None
    return Plot(
        f"job-{found.id}", words.LIVE_TITLE.format(stage=stage), "line", rows, "step", "value", words.STEP_AXIS,
        words.VALUE_AXIS, series="metric",
    )  # fmt: skip


def stage_rows(found: Job) -> list[Row]:
    """Stages in order, when each began and how far it came."""
    stages: dict[str, dict[str, Any]] = {}
    for point in (found.progress or {}).get("curve") or ():
        one = stages.setdefault(
            point["stage"], {words.COL_STAGE: point["stage"], words.COL_BEGAN: moment_of(point["at"])}
        )
        one[words.COL_STEPS] = f"{point['done']} of {point['total']}"
    return list(stages.values())


@dataclass(frozen=True)
class Learned:
    """The last trainings: curves of loss, what each took."""

    plot: Plot | None
    rows: Sequence[Row]


def learned(store: Store, most: int = 8) -> Learned:
    """Of the newest versions."""
    with store.read() as conn:
        found = [(v, list_runs(conn, v.id)) for v in list_versions(conn)[-most:]]
    runs = [(v, run) for v, each in found for run in each]
    rows = [
        {words.COL_VERSION: v.id, words.COL_MODEL: v.algorithm, words.COL_BEGAN: moment_of(run.started_at),
         words.COL_SECONDS: round(run.seconds, 1), words.COL_MEMORY: round(run.peak_memory_bytes / 2**20),
         words.COL_REAL: run.events_real, words.COL_INVENTED: run.events_synthetic}
        for v, run in reversed(runs)
    ]  # fmt: skip
    return Learned(_curves([(v, run.curve) for v, run in runs if run.curve]), rows)


def _curves(found: Sequence[tuple[ModelVersion, Sequence[Mapping[str, Any]]]]) -> Plot | None:
    """Each loss as a share of its first, since models measure theirs in units of their own."""
    rows: list[Row] = []
    for version, curve in found:
        for key, name in (("loss", words.LOSS), ("valid_loss", words.VALID_LOSS)):
            points = [(p["epoch"], p[key]) for p in curve if "epoch" in p and p.get(key) is not None]
            if points and points[0][1]:
                one = {"version": f"{version.id} {version.algorithm}", "of": name}
                rows += [{"epoch": e, "share": v / points[0][1], "loss": v, **one} for e, v in points]
    if not rows:
        return None
    return Plot(
        "learning", words.CURVES_TITLE.format(what=_whose(rows)), "line", rows, "epoch", "share", words.EPOCH_AXIS,
        words.LOSS_AXIS, series="version", dash="of", tips=("loss",),
    )  # fmt: skip


def _whose(rows: Sequence[Row]) -> str:
    """One version has no legend, so that the title names it."""
    named = {str(row["version"]) for row in rows}
    return words.VERSION_N.format(n=named.pop()) if len(named) == 1 else str(words.CURVES_SEVERAL)


def needs(found: Status, recipe: Mapping[str, Any]) -> list[Need]:
    """What learning from real events still lacks; a share of 1 = nothing."""
    least = int((recipe.get("retrain") or {}).get("min_events", FEW_EVENTS))
    return [
        Need(words.NEED_ITEMS, found.items, 2, words.NEED_ITEMS_WHY),
        Need(words.NEED_EVENTS, found.new if found.version is not None else found.events.real,
             max(FEW_EVENTS, least), words.NEED_EVENTS_WHY),
        Need(words.NEED_USERS, found.users, 1 if recipe.get("context") else FEW_USERS, words.NEED_USERS_WHY),
    ]  # fmt: skip


def can_pretrain(recipe: Mapping[str, Any]) -> bool:
    """Can users be invented?"""
    return bool((recipe.get("tastes") or {}).get("families")) and bool((recipe.get("synth") or {}).get("archetypes"))


def models(recipe: Mapping[str, Any]) -> list[str]:
    return list(recipe.get("models") or {})
