"""Jobs: what is to be done, by whom, how far it is, and what came of it; one row each."""

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from ..errors import QueryError, StoreError
from .leases import alive, elsewhere, holder_of
from .tables import jobs, leases

Json = dict[str, Any]
STARTS = 600  # seconds in which a process that was started for a job has begun it, however busy its machine
SETTLED = {"what": "settled", "reason": "what it learned is being put in place"}


@dataclass(frozen=True)
class Job:
    """state: queued, running, done, failed or cancelled

    holder: the process that works on it; of a queued one, the process that was started for it, None = nobody's yet
    """

    id: int
    kind: str
    arguments: Json
    state: str
    created_at: int
    started_at: int | None = None
    ended_at: int | None = None
    holder: str | None = None
    progress: Json | None = None
    result: Json | None = None
    error: str | None = None


def add_job(conn: sa.Connection, kind: str, arguments: Json, now: int, holder: str | None = None) -> int:
    """Its number. holder: who sees to it that a process begins it; None = it waits for whoever comes, however long."""
    row = {"kind": kind, "arguments": arguments, "state": "queued", "created_at": now, "holder": holder}
    return int(conn.execute(sa.insert(jobs).values(row).returning(jobs.c.id)).scalar_one())


def find_job(conn: sa.Connection, id_: int) -> Job:
    found = conn.execute(sa.select(jobs).where(jobs.c.id == id_)).one_or_none()
    if found is None:
        raise QueryError(f"No job has the number {id_}. See: tastemaker jobs list")
    return Job(**found._mapping)


def list_jobs(conn: sa.Connection, most: int = 20) -> list[Job]:
    """The newest first."""
    chosen = sa.select(jobs).order_by(jobs.c.id.desc()).limit(most)
    return [Job(**row._mapping) for row in conn.execute(chosen)]


def start_job(conn: sa.Connection, id_: int, holder: str, now: int) -> Job:
    """From now on `holder` works on it; StoreError when somebody does already, or it is over."""
    mine = sa.update(jobs).where((jobs.c.id == id_) & (jobs.c.state == "queued"))
    if conn.execute(mine.values(state="running", holder=holder, started_at=now)).rowcount != 1:
        found = find_job(conn, id_)
        raise StoreError(f"Job {id_} is {found.state}, so it cannot be started. See: tastemaker jobs list")
    return find_job(conn, id_)


def report_job(conn: sa.Connection, id_: int, progress: Json) -> bool:
    """Keep how far it is; False when somebody cancelled it."""
    chosen = (jobs.c.id == id_) & (jobs.c.state == "running")
    return conn.execute(sa.update(jobs).where(chosen).values(progress=progress)).rowcount == 1


def hand_job(conn: sa.Connection, id_: int, pid: int) -> None:
    """A process was started here for a job that is queued still."""
    chosen = (jobs.c.id == id_) & (jobs.c.state == "queued")
    conn.execute(sa.update(jobs).where(chosen).values(holder=holder_of(pid)))


def settle_job(conn: sa.Connection, id_: int) -> bool:
    """What it learned becomes visible with this transaction, so it can no longer be cancelled; False: it was."""
    chosen = (jobs.c.id == id_) & (jobs.c.state == "running")
    return conn.execute(sa.update(jobs).where(chosen).values(result=SETTLED)).rowcount == 1


def end_job(conn: sa.Connection, id_: int, state: str, now: int, result: Json | None, error: str | None) -> None:
    """state: done, failed or cancelled; a job that is over stays as it ended, and one that settled is not cancelled."""
    chosen = (jobs.c.id == id_) & jobs.c.state.in_(("queued", "running"))
    if state == "cancelled":
        chosen &= jobs.c.result.is_(sa.null())
    conn.execute(sa.update(jobs).where(chosen).values(state=state, ended_at=now, result=result, error=error))


def sweep_jobs(conn: sa.Connection, now: int) -> list[int]:
    """Jobs whose process died, or whose lease ran out on a machine that nobody can ask, are failed; their numbers.

    So are those that are queued long after a process was started for them, which is not there any more.
    """
    running = conn.execute(sa.select(jobs.c.id, jobs.c.holder).where(jobs.c.state == "running")).all()
    working = {one.holder for one in conn.execute(sa.select(leases).where(leases.c.until > now))}
    dead = [row.id for row in running if row.holder is None or not alive(row.holder)]
    dead += [row.id for row in running if row.holder and elsewhere(row.holder) and row.holder not in working]
    late = (jobs.c.state == "queued") & (jobs.c.created_at <= now - STARTS) & jobs.c.holder.is_not(None)
    queued = conn.execute(sa.select(jobs.c.id, jobs.c.holder).where(late)).all()
    dead += [row.id for row in queued if elsewhere(row.holder) or not alive(row.holder)]
    for id_ in dead:
        end_job(conn, id_, "failed", now, None, "its process died; what it had not finished was never visible")
    return dead
