"""Jobs: a training is asked for here, and carried out by a process of its own."""

from time import time
from typing import Annotated, Any

from fastapi import Path, Query

from ...store.jobs import Job, end_job, find_job, list_jobs
from ..models import JobAsked, JobRow, Jobs
from ..starting import start_job
from .common import Admin, Reader
from .common import router as new_router

router = new_router("jobs")
Number = Annotated[int, Path(ge=1, le=2**31 - 1)]
TRIALS = 20  # settings that a tune tries where nobody says how many


@router.get("/jobs", response_model=Jobs)
def jobs(caller: Reader, limit: Annotated[int, Query(ge=1, le=1000)] = 20) -> dict[str, Any]:
    """The newest first."""
    with caller.tenant.store.read() as conn:
        return {"jobs": [_row(job) for job in list_jobs(conn, limit)]}


@router.get("/jobs/{job}", response_model=JobRow)
def job(caller: Reader, job: Number) -> dict[str, Any]:
    """How far it is."""
    with caller.tenant.store.read() as conn:
        return _row(find_job(conn, job))


@router.post("/jobs", response_model=JobRow, status_code=202)
def new_job(caller: Admin, asked: JobAsked) -> dict[str, Any]:
    """Retrain; or tune, which tries settings on validation data first. What is clearly better becomes active."""
    search = asked.search or (TRIALS if asked.kind == "tune" else 0)
    arguments = {"reason": asked.reason, "seed": asked.seed, "search": search}
    id_ = start_job(caller.tenant, "retrain", arguments)
    with caller.tenant.store.read() as conn:
        return _row(find_job(conn, id_))


@router.post("/jobs/{job}:cancel", response_model=JobRow)
def cancel(caller: Admin, job: Number) -> dict[str, Any]:
    """It stops at its next step; nothing of it becomes visible."""
    with caller.tenant.store.begin() as conn:
        find_job(conn, job)
        end_job(conn, job, "cancelled", int(time()), None, "cancelled over HTTP")
        return _row(find_job(conn, job))


def _row(job: Job) -> dict[str, Any]:
    names = ("id", "kind", "state", "created_at", "started_at", "ended_at", "progress", "result", "error")
    return {name: getattr(job, name) for name in names}
