"""Studies and their trials: begun, claimed by one process at a time, finished; all in the caller's transaction."""

from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from time import time
from typing import Any, Literal

import sqlalchemy as sa

from ..data.nearest import did_you_mean
from ..errors import QueryError
from .leases import LASTS, alive
from .tables import hp_experiments, hp_tuning_history
from .tables.base import alone

Json = dict[str, Any]
h, e = hp_tuning_history.c, hp_experiments.c


@dataclass(frozen=True, kw_only=True)
class NewStudy:
    """digest: of data, split and code: what trials must share to be compared; settings: the space, trials wanted …"""

    recipe: str
    model: str
    search: str
    metric: str
    seed: int
    digest: str
    settings: Json
    started_at: int = field(default_factory=lambda: int(time()))


@dataclass(frozen=True, kw_only=True)
class Study(NewStudy):
    id: str
    state: Literal["running", "done", "stopped"]
    ended_at: int | None
    result: Json | None


@dataclass(frozen=True, kw_only=True)
class TrialRow:
    """holder, until: the process that works on it, and when its claim ends; detail: values on the way, why it failed"""

    id: str
    study: str
    number: int
    params: Json
    state: Literal["running", "done", "pruned", "failed"]
    value: float | None = None
    detail: Json | None = None
    holder: str | None = None
    until: int | None = None
    started_at: int = 0
    seconds: float | None = None


def add_study(conn: sa.Connection, new: NewStudy) -> Study:
    """Its id says what was begun when: bayesian_20261120_165747."""
    alone(conn, hp_tuning_history)
    at = new.started_at
    while conn.scalar(sa.select(h.id).where(h.id == (id_ := _id(new.search, at)))) is not None:
        at += 1
    conn.execute(sa.insert(hp_tuning_history).values({**asdict(new), "id": id_, "state": "running"}))
    return study(conn, id_)


def _id(search: str, at: int) -> str:
    return f"{search}_{datetime.fromtimestamp(at, UTC):%Y%m%d_%H%M%S}"


def study(conn: sa.Connection, id_: str | None = None) -> Study:
    """The one with this id, or the latest."""
    chosen = sa.select(hp_tuning_history).order_by(h.started_at.desc(), h.id.desc()).limit(1)
    found = conn.execute(chosen if id_ is None else chosen.where(h.id == id_)).one_or_none()
    if found is not None:
        return Study(**found._mapping)
    known = [known.id for known in list_studies(conn)]
    if not known:
        raise QueryError("Nothing was tuned yet. Run: tastemaker tune")
    hint = did_you_mean(str(id_), known) or "."
    raise QueryError(f"No study is called {id_!r}{hint} The latest is {known[-1]}. See: tastemaker tune history")


def list_studies(conn: sa.Connection) -> list[Study]:
    """Oldest first."""
    chosen = sa.select(hp_tuning_history).order_by(h.started_at, h.id)
    return [Study(**row._mapping) for row in conn.execute(chosen)]


def set_study(conn: sa.Connection, id_: str, **values: Any) -> None:
    """state, ended_at, settings or result."""
    conn.execute(sa.update(hp_tuning_history).where(h.id == id_).values(values))


def list_trials(conn: sa.Connection, study: str) -> list[TrialRow]:
    """By number, those that somebody works on among them."""
    return [_row(row) for row in conn.execute(sa.select(hp_experiments).where(e.study == study).order_by(e.number))]


def trials_known(conn: sa.Connection, new: NewStudy) -> list[TrialRow]:
    """What earlier studies found for the same recipe, model, metric and digest: whole trials, oldest first."""
    same = (h.recipe == new.recipe) & (h.model == new.model) & (h.metric == new.metric) & (h.digest == new.digest)
    chosen = sa.select(hp_experiments).join(hp_tuning_history).where(same & e.state.in_(("done", "pruned")))
    return [_row(row) for row in conn.execute(chosen.order_by(h.started_at, e.study, e.number))]


def find_trials(conn: sa.Connection, ids: list[str]) -> list[TrialRow]:
    """Those with these ids, in this order."""
    found = {row.id: _row(row) for row in conn.execute(sa.select(hp_experiments).where(e.id.in_(ids)))}
    return [found[id_] for id_ in ids if id_ in found]


Claim = TrialRow | Literal["wait", "over"]


def claim_trial(conn: sa.Connection, study: str, wanted: int, batch: int, holder: str, now: int) -> Claim:
    """A trial for this process: one whose process died, or the next one, once all batches before its own are finished.

    "wait": others work on what comes first; "over": all `wanted` trials are finished.
    """
    alone(conn, hp_experiments)
    rows = [row for row in list_trials(conn, study) if row.number < wanted]
    free = next((row for row in rows if row.state == "running" and not _held(row, now)), None)
    if free is not None:
        mine = replace(free, holder=holder, until=now + LASTS, started_at=now)
        where = e.id == free.id
        conn.execute(
            sa.update(hp_experiments).where(where).values(holder=holder, until=mine.until, started_at=now, params={})
        )
        return mine
    taken = {row.number for row in rows}
    number = next((number for number in range(wanted) if number not in taken), wanted)
    first = number - number % batch
    busy = any(row.state == "running" and row.number < first for row in rows)
    if number == wanted:
        return "wait" if any(row.state == "running" for row in rows) else "over"
    if busy:
        return "wait"
    mine = TrialRow(
        id=f"{study}_{number:03d}", study=study, number=number, params={}, state="running", holder=holder,
        until=now + LASTS, started_at=now,
    )  # fmt: skip
    conn.execute(sa.insert(hp_experiments).values(asdict(mine)))
    return mine


def _held(row: TrialRow, now: int) -> bool:
    if row.holder is None or row.until is None:
        return False
    return now < row.until <= now + 2 * LASTS and alive(row.holder)  # clocks differ by some seconds


def renew_trial(conn: sa.Connection, id_: str, holder: str, now: int) -> bool:
    """False when somebody else has it by now."""
    chosen = (e.id == id_) & (e.holder == holder) & (e.state == "running")
    return conn.execute(sa.update(hp_experiments).where(chosen).values(until=now + LASTS)).rowcount == 1


def finish_trial(
    conn: sa.Connection, id_: str, holder: str, *, params: Json, state: str, value: float | None, detail: Json,
    seconds: float,
) -> bool:  # fmt: skip
    """Keep what it found; False when somebody else has it by now, who finds the same."""
    chosen = (e.id == id_) & (e.holder == holder) & (e.state == "running")
    found = {"params": params, "state": state, "value": value, "detail": detail, "seconds": seconds, "until": None}
    return conn.execute(sa.update(hp_experiments).where(chosen).values(found)).rowcount == 1


def release_trial(conn: sa.Connection, id_: str, holder: str) -> None:
    """Give back what was not finished."""
    chosen = (e.id == id_) & (e.holder == holder) & (e.state == "running")
    conn.execute(sa.delete(hp_experiments).where(chosen))


def _row(row: sa.Row[Any]) -> TrialRow:
    return TrialRow(**row._mapping)
