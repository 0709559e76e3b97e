"""The life of model versions: added as candidates, activated one at a time, rolled back along the log."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from time import time
from typing import Any, Literal

import sqlalchemy as sa

from ..errors import QueryError, StoreError
from .decisions import moment, record_decision
from .made_by import environment, who
from .meta import get_meta
from .tables.base import alone, next_row
from .tables.versions import ACTIVE, activations, model_versions, training_runs

State = Literal["candidate", "challenger", "active", "retired", "rejected"]
Json = dict[str, Any]
REHEARSAL = "rehearsal"  # the key under which a database says that it is only that


@dataclass(frozen=True, kw_only=True)
class NewVersion:
    """artifact: digest of what answers; judged_artifact: of what was judged, where that is another one.

    data_from, data_to: UTC seconds of the first and last event learned from; reason: why it was made, and by whom
    """

    recipe: str
    algorithm: str
    artifact: str
    code_version: str
    seed: int
    params: Json = field(default_factory=dict)
    state: State = "candidate"
    parent: int | None = None
    judged_artifact: str | None = None
    data_digest: str = ""
    features_digest: str = ""
    metrics: Json = field(default_factory=dict)
    created_at: int = field(default_factory=lambda: int(time()))
    data_from: int | None = None
    data_to: int | None = None
    events_real: int = 0
    events_synthetic: int = 0
    environment: Json = field(default_factory=environment)
    reason: str = ""
    who: str = field(default_factory=who)


@dataclass(frozen=True, kw_only=True)
class ModelVersion(NewVersion):
    id: int


@dataclass(frozen=True, kw_only=True)
class TrainingRun:
    """curve: one entry an epoch; stages: name -> seconds; the events it used, by source."""

    version: int
    started_at: int
    seconds: float
    peak_memory_bytes: int
    events_real: int
    events_synthetic: int
    curve: list[Json] = field(default_factory=list)
    stages: Json = field(default_factory=dict)


def add_versions(conn: sa.Connection, new: Iterable[NewVersion]) -> list[int]:
    """Their ids: the next free numbers, from 0, in order."""
    alone(conn, model_versions)
    first = next_row(conn, model_versions.c.id)
    rows = [{"id": id_, **asdict(version)} for id_, version in enumerate(new, first)]
    if any(row["state"] == "active" for row in rows):
        raise StoreError("A new version cannot be active yet. Add it as a candidate, then activate it.")
    if rows:
        conn.execute(sa.insert(model_versions), rows)
    return [row["id"] for row in rows]


def list_versions(conn: sa.Connection) -> list[ModelVersion]:
    """Oldest first."""
    return [_version(row) for row in conn.execute(sa.select(model_versions).order_by(model_versions.c.id))]


def active_version(conn: sa.Connection) -> ModelVersion | None:
    found = conn.execute(sa.select(model_versions).where(ACTIVE)).one_or_none()
    return None if found is None else _version(found)


def version(conn: sa.Connection, id_: int) -> ModelVersion:
    found = conn.execute(sa.select(model_versions).where(model_versions.c.id == id_)).one_or_none()
    if found is not None:
        return _version(found)
    last = next_row(conn, model_versions.c.id) - 1
    known = "There is none yet: import a catalog first." if last < 0 else f"There are 0 to {last}: tastemaker versions"
    raise QueryError(f"No version has the number {id_}. {known}")


def set_state(conn: sa.Connection, id_: int, state: Literal["challenger", "retired", "rejected"]) -> None:
    """Any state but the active one, which `activate` gives and takes."""
    if version(conn, id_).state == "active":
        raise StoreError(f"Version {id_} is the active one. Activate another one first.")
    conn.execute(sa.update(model_versions).where(model_versions.c.id == id_).values(state=state))


def activate(conn: sa.Connection, id_: int, reason: str, now: int | None = None) -> ModelVersion:
    """From now on this version answers; nothing happens when it does already."""
    return _activate(conn, id_, reason, False, now)


def rollback(conn: sa.Connection, reason: str, now: int | None = None) -> ModelVersion:
    """To the version that was active before the active one; again: to the one before that."""
    alone(conn, model_versions)
    stack: list[int] = []
    for row in conn.execute(sa.select(activations).order_by(activations.c.id)):
        stack = stack[:-1] if row.back else [*stack, row.version]
    if len(stack) < 2:
        said = f"Version {stack[0]} was the first to be active" if stack else "No version is active"
        raise StoreError(f"{said}: there is none to go back to. Choose one: tastemaker versions; tastemaker activate N")
    return _activate(conn, stack[-2], reason, True, now)


def whole_version(conn: sa.Connection, id_: int) -> ModelVersion:
    """One that can answer; StoreError where it was pruned."""
    found = version(conn, id_)
    if not found.artifact:
        raise StoreError(f"Version {id_} was pruned: its numbers are gone. Choose one: tastemaker versions")
    return found


def _activate(conn: sa.Connection, id_: int, reason: str, back: bool, now: int | None) -> ModelVersion:
    alone(conn, model_versions)
    chosen, old = whole_version(conn, id_), active_version(conn)
    refuse_rehearsal(conn)
    if old is not None and old.id == id_:
        return chosen
    conn.execute(sa.update(model_versions).where(ACTIVE).values(state="retired"))
    conn.execute(sa.update(model_versions).where(model_versions.c.id == id_).values(state="active"))
    previous = None if old is None else old.id
    at = moment(now)
    entry = {"version": id_, "previous": previous, "at": at, "reason": reason, "back": back}
    conn.execute(sa.insert(activations).values(entry))
    record_decision(conn, "rolled back" if back else "activated", reason, at, id_)
    return version(conn, id_)


def refuse_rehearsal(conn: sa.Connection) -> None:
    """StoreError where versions learned from generated items: they shall never answer anybody."""
    if get_meta(conn, REHEARSAL):
        raise StoreError(
            "This is a rehearsal on generated data, and nothing of it can be activated. Run: tastemaker train"
        )


def list_activations(conn: sa.Connection) -> list[dict[str, Any]]:
    """The log, oldest first."""
    return [dict(row._mapping) for row in conn.execute(sa.select(activations).order_by(activations.c.id))]


def lineage(conn: sa.Connection, id_: int) -> list[ModelVersion]:
    """The version, the one it was trained from, and so on to the first."""
    v = model_versions.c
    parents = {row.id: row.parent for row in conn.execute(sa.select(v.id, v.parent))}
    line = [version(conn, id_).id]
    while (parent := parents[line[-1]]) is not None:
        line.append(parent)
    found = {row.id: _version(row) for row in conn.execute(sa.select(model_versions).where(v.id.in_(line)))}
    return [found[one] for one in line]


def record_run(conn: sa.Connection, run: TrainingRun) -> None:
    conn.execute(sa.insert(training_runs).values(asdict(run)))


def list_runs(conn: sa.Connection, id_: int) -> list[TrainingRun]:
    """What training a version took, oldest first."""
    chosen = sa.select(*(c for c in training_runs.c if c.name != "id")).where(training_runs.c.version == id_)
    return [TrainingRun(**row._mapping) for row in conn.execute(chosen.order_by(training_runs.c.id))]


def _version(row: sa.Row[Any]) -> ModelVersion:
    return ModelVersion(**{**row._mapping, "environment": row.environment or {}})
