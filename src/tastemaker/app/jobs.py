"""Work that takes long is a row of the jobs table, carried out by a process of its own that outlives the page."""

import subprocess
import sys
from pathlib import Path
from time import time
from typing import Any

from .. import store as database
from ..store import Job, Store

TAIL = 4000  # characters of a log that are shown
_STARTED: dict[int, subprocess.Popen[bytes]] = {}  # process id -> what this one started, until it has ended


def start(store: Store, kind: str, arguments: dict[str, Any]) -> int:
    """The number of the job, whose process has been started."""
    with store.begin() as conn:
        id_ = database.add_job(conn, kind, arguments, int(time()), database.new_holder())
    log = log_of(store.root, id_)
    log.parent.mkdir(exist_ok=True)
    for pid in [pid for pid, one in _STARTED.items() if one.poll() is not None]:
        del _STARTED[pid]
    with log.open("ab") as out:
        made = subprocess.Popen(
            [sys.executable, "-m", "tastemaker", "jobs", "run", str(id_), "-p", str(store.root.resolve())],
            stdout=out, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, start_new_session=True,
            creationflags=getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0),  # what a session is on Windows
        )  # fmt: skip
    _STARTED[made.pid] = made
    with store.begin() as conn:
        database.hand_job(conn, id_, made.pid)
    return id_


def cancel(store: Store, id_: int) -> Job:
    """Stop it at its next step; nothing of it becomes visible."""
    with store.begin() as conn:
        database.end_job(conn, id_, "cancelled", int(time()), None, "cancelled in the app")
        return database.find_job(conn, id_)


def sweep(store: Store) -> list[int]:
    """End, as failed, the jobs whose process died."""
    with store.begin() as conn:
        return database.sweep_jobs(conn, int(time()))


def log_of(root: Path, id_: int) -> Path:
    return root / "logs" / f"job-{id_}.log"


def log_tail(root: Path, id_: int) -> str:
    """The end of what the job's process printed; "" = nothing."""
    try:
        said = log_of(root, id_).read_text("utf-8", errors="replace")
    except OSError:
        return ""
    return said[-TAIL:].replace("\r", "\n").strip()
