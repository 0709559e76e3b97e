"""Jobs: a row in the table, and a process of its own that carries it out, so that nothing heavy is loaded here."""

import subprocess
import sys
from threading import Thread
from time import time
from typing import Any

import sqlalchemy as sa

from ..store.jobs import add_job, hand_job
from ..store.leases import new_holder
from ..store.tables import jobs
from .tenant import Tenant

CATALOG = "catalog"  # makes features of new items


def start_job(tenant: Tenant, kind: str, arguments: dict[str, Any]) -> int:
    """Its number; it is under way when this returns, unless the service was told not to start any."""
    with tenant.store.begin() as conn:
        id_ = add_job(conn, kind, arguments, int(time()), _holder(tenant))
    _run(tenant, id_)
    return id_


def refresh_catalog(tenant: Tenant) -> int:
    """One such job waits at most: it reads what is there when it begins."""
    with tenant.store.begin() as conn:
        waits = sa.select(jobs.c.id).where(jobs.c.kind == CATALOG, jobs.c.state == "queued").limit(1)
        found = conn.scalar(waits)
        id_ = add_job(conn, CATALOG, {}, int(time()), _holder(tenant)) if found is None else int(found)
    if found is None:
        _run(tenant, id_)
    return id_


def _holder(tenant: Tenant) -> str | None:
    """None where somebody else starts jobs, whenever that is."""
    return new_holder() if tenant.settings.run_jobs else None


def _run(tenant: Tenant, id_: int) -> None:
    if not tenant.settings.run_jobs:
        return
    command = [sys.executable, "-m", "tastemaker", "jobs", "run", str(id_), "-p", str(tenant.root), "-q"]
    quiet = subprocess.DEVNULL
    process = subprocess.Popen(command, stdin=quiet, stdout=quiet, stderr=quiet, start_new_session=True)
    with tenant.store.begin() as conn:
        hand_job(conn, id_, process.pid)
    Thread(target=process.wait, name=f"job {id_}", daemon=True).start()
