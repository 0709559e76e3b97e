"""Trials of a study, by this process and helpers beside it: each is claimed, kept alive, finished or given back."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Event, Thread
from time import sleep, time
from typing import Any

from ..errors import StoreError
from ..store import Store, new_holder
from ..store import tuning as kept
from ..store.leases import LASTS
from ..store.tuning import TrialRow
from ..tune import Trial, attempt, quiet, told
from ..watch import Watch
from .tuning_begin import Work, as_trial, work_on

PAUSE = 0.1  # seconds between two looks whether others have finished


def work_through(work: Work, watch: Watch) -> bool:
    """Trials until there are none left (True) or time is up (False)."""
    holder = new_holder()
    while work.until is None or time() < work.until:
        made = finished(work)
        told(watch, work.plan, made, work.objective.metric)
        if len(made) == work.plan.trials:
            return True
        with work.store.begin() as conn:
            claim = kept.claim_trial(conn, work.study.id, work.plan.trials, work.plan.batch, holder, int(time()))
        if isinstance(claim, TrialRow):
            _try(work, claim, watch)
        elif claim == "wait":
            sleep(PAUSE)
    return False


def finished(work: Work) -> list[Trial]:
    with work.store.read() as conn:
        rows = kept.list_trials(conn, work.study.id)
    return [as_trial(row) for row in rows if row.state != "running" and row.number < work.plan.trials]


def join(root: str, study: str, until: str) -> None:
    """What a helper process runs: trials of this study until there are none left."""
    from .project import Project

    with Project.open(root) as project:
        with project.store.read() as conn:
            found = kept.study(conn, study)
        work = work_on(project.store, project.recipe, found, float(until) if until else None, Watch())
        work_through(work, Watch())


@contextmanager
def helpers(work: Work, n: int) -> Iterator[list["subprocess.Popen[bytes]"]]:
    """More processes that work on the same study; none outlives this one's part. What they say is in helper-1.log …"""
    script = "import sys; from tastemaker.lifecycle.tuning_work import join; join(*sys.argv[1:])"
    until = "" if work.until is None else repr(work.until)
    command = [sys.executable, "-c", script, str(work.store.root.resolve()), work.study.id, until]
    threads = {"NUMBA_NUM_THREADS": str(max(1, (os.cpu_count() or 1) // (n + 1)))}
    started = []
    try:
        for k in range(1, n + 1):
            with (folder_of(work.store, work.study.id) / f"helper-{k}.log").open("wb") as log:
                said: dict[str, Any] = {"stdin": subprocess.DEVNULL, "stdout": log, "stderr": subprocess.STDOUT}
                started.append(subprocess.Popen(command, env={**os.environ, **threads}, **said))
        yield started
    finally:
        for helper in started:
            if helper.poll() is None:
                helper.terminate()
            helper.wait()


def folder_of(store: Store, study: str) -> Path:
    """Where a study's report and logs are."""
    folder = store.root / "tuning" / study
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _try(work: Work, claim: TrialRow, watch: Watch) -> None:
    assert claim.holder is not None
    try:
        with _renewed(work.store, claim.id, claim.holder):
            seen = work.plan.seen_by(claim.number, finished(work))
            trial = attempt(work.plan, claim.number, work.objective, seen, quiet(watch))
    except BaseException:
        with suppress(StoreError), work.store.begin() as conn:
            kept.release_trial(conn, claim.id, claim.holder)
        raise
    with work.store.begin() as conn:
        kept.finish_trial(
            conn, claim.id, claim.holder, params=trial.params, state=trial.state, value=trial.value,
            detail={"steps": trial.steps, "why": trial.why}, seconds=trial.seconds,
        )  # fmt: skip


@contextmanager
def _renewed(store: Store, trial: str, holder: str) -> Iterator[None]:
    """The claim is kept alive for as long as this process works on it."""
    over = Event()

    def renew() -> None:
        while not over.wait(LASTS / 3):
            with suppress(StoreError), store.begin() as conn:  # what cannot be renewed runs out: another one takes it
                kept.renew_trial(conn, trial, holder, int(time()))

    thread = Thread(target=renew, daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
