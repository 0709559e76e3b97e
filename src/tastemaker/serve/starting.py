"""Jobs: a row in the table, and a process of its own that carries it out, so that nothing heavy is loaded here."""

import os
import subprocess
import sys
from threading import Thread
from time import time
from typing import Any

import sqlalchemy as sa

from ..store.jobs import add_job, hand_job
from ..store.leases import alive, new_holder
from ..store.tables import jobs
from .tenant import Tenant

CATALOG = "catalog"  # makes features of new items


def start_job(tenant: Tenant, kind: str, arguments: dict[str, Any]) -> int:
    """Its number; it is under way when this returns, unless the service was told not to start any."""
    with tenant.store.begin() as conn:
        id_ = add_job(conn, kind, arguments, int(time()), _holder(tenant))
    run_job(tenant, id_)
    return id_


def queue_catalog(conn: sa.Connection, tenant: Tenant, wanted: bool) -> tuple[int | None, bool]:
    """In the transaction that adds items: the job that makes their features, and whether it is still to be run.

    One such job waits at most: it reads what is there when it begins. Whose process died before is run in any case.
    """
    waits = sa.select(jobs.c.id, jobs.c.holder).where(jobs.c.kind == CATALOG, jobs.c.state == "queued").limit(1)
    found = conn.execute(waits).one_or_none()
    if found is None:
        return (add_job(conn, CATALOG, {}, int(time()), _holder(tenant)), True) if wanted else (None, False)
    lost = tenant.settings.run_jobs and found.holder is not None and not alive(found.holder)
    if lost:
        hand_job(conn, found.id, os.getpid())
    return (int(found.id), lost) if wanted or lost else (None, False)


def _holder(tenant: Tenant) -> str | None:
    """None where somebody else starts jobs, whenever that is."""
    return new_holder() if tenant.settings.run_jobs else None


def run_job(tenant: Tenant, id_: int) -> None:
    """In a process of its own."""
    if not tenant.settings.run_jobs:
        return
    command = [sys.executable, "-m", "tastemaker", "jobs", "run", str(id_), "-p", str(tenant.root), "-q"]
    quiet = subprocess.DEVNULL
    process = subprocess.Popen(command, stdin=quiet, stdout=quiet, stderr=quiet, start_new_session=True)
    with tenant.store.begin() as conn:
        hand_job(conn, id_, process.pid)
    Thread(target=process.wait, name=f"job {id_}", daemon=True).start()
