"""jobs: what is trained in the background, how far it is, and what came of it."""

from contextlib import closing
from dataclasses import asdict
from time import time
from typing import TYPE_CHECKING

import typer

from .output import Json, Output, Quiet, Table, Where, short

if TYPE_CHECKING:
    from ..store import Job

app = typer.Typer(no_args_is_help=True, add_completion=False, rich_markup_mode=None)


@app.command("list")
def list_(where: Where = ".", json: Json = False) -> None:
    """The newest jobs: what, since when, how far, and what came of them."""
    from ..store import Store, list_jobs
    from ..store.location import find_root

    with closing(Store.open(find_root(where))) as store, store.read() as conn:
        found = list_jobs(conn)
    rows = [[str(job.id), job.kind, job.state, _when(job), _about(job)] for job in found]
    table = Table("Jobs", [">job", "what", "state", "began", ""], rows)
    Output(json).result([asdict(job) for job in found], table if found else None, "" if found else "No job yet.")


@app.command()
def run(job: int, where: Where = ".", json: Json = False, quiet: Quiet = False) -> None:
    """Carry out a job that is queued, in this process."""
    from ..errors import TastemakerError
    from ..lifecycle import Project

    out = Output(json, quiet)
    with Project.open(where) as project, out.watching() as watch:
        found = project.run_job(job, watch)
    out.result(asdict(found), text=f"Job {found.id} is {found.state}. {_about(found)}")
    if found.state == "failed":
        raise TastemakerError(f"Job {found.id} failed: {found.error}")


@app.command()
def cancel(job: int, where: Where = ".", json: Json = False) -> None:
    """Stop a job at its next step; nothing of it becomes visible."""
    from ..store import Store, end_job, find_job
    from ..store.location import find_root

    with closing(Store.open(find_root(where))) as store, store.begin() as conn:
        find_job(conn, job)
        end_job(conn, job, "cancelled", int(time()), None, "cancelled by hand")
        found = find_job(conn, job)
    Output(json).result(asdict(found), text=f"Job {found.id} is {found.state}.")


def _when(job: "Job") -> str:
    from datetime import datetime

    return f"{datetime.fromtimestamp(job.started_at or job.created_at):%Y-%m-%d %H:%M:%S}"


def _about(job: "Job") -> str:
    if job.error:
        return short(job.error, 90)
    if job.result:
        return short(f"{job.result.get('what')}: {job.result.get('reason')}", 90)
    return f"{job.progress['stage']} {job.progress['done']} of {job.progress['total']}" if job.progress else ""
