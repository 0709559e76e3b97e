"""A job that has a language model on this machine say better why things were recommended."""

import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from threading import Thread
from time import time

from .. import store as database
from ..explain import Wording
from ..explain.explainer import Explained, explain_slate, kept_words
from ..explain.improving import Improved, improve
from ..explain.writer import LocalModel
from ..recipe import Recipe
from ..store import Job, Store
from ..store.answers import Answers
from ..store.slates import latest_slates
from ..watch import Watch

WORDS = "words"  # a kind of job, and the lease under which it works
STARTS = 60  # seconds in which a queued job has begun, or its process is dead
PATIENCE = 3600  # seconds until what failed is tried again


@dataclass(frozen=True)
class WordsFound:
    """What a job did, as `jobs list` tells it."""

    what: str
    reason: str


def improve_words(
    store: Store, explained: Sequence[Explained], wording: Wording, watch: Watch | None = None
) -> Improved:
    """In this process, which takes seconds a sentence and gigabytes: never one that answers."""
    with store.read() as conn:
        catalog = database.read_catalog(conn)
    every = [each for one in explained for each in one.evidence]
    return improve(every, catalog, wording, kept_words(store), lambda: LocalModel.open(wording, store.root), watch)


def find_words(
    store: Store, recipe: Recipe, slates: Sequence[int] = (), recent: int = 0, watch: Watch | None = None
) -> WordsFound:
    """For these slates and the newest `recent` ones; what a job of the kind "words" does."""
    with store.read() as conn:
        numbers = [*slates, *latest_slates(conn, recent)]
    opened: dict[str, Answers] = {}
    explained = [explain_slate(store, number, opened) for number in dict.fromkeys(numbers)]
    return WordsFound(WORDS, str(improve_words(store, explained, recipe.explain, watch)))


def start_words(store: Store, slates: Sequence[int] = (), recent: int = 0, again: bool = False) -> int:
    """A job of its own process for them; its number. It goes on when this process ends.

    One works at a time, and one that failed, as where there is no model, is not tried again within the hour: then the
    number is that job's. again: try all the same
    """
    now = int(time())
    with store.begin() as conn:
        last = next((job for job in database.list_jobs(conn) if job.kind == WORDS), None)
        if last is not None and (_works(last, now) or (not again and _failed(last, now))):
            return last.id
        id_ = database.add_job(conn, WORDS, {"slates": list(slates), "recent": recent}, now, database.new_holder())
    command = [sys.executable, "-m", "tastemaker", "jobs", "run", str(id_), "-p", str(store.root), "-q"]
    null = subprocess.DEVNULL
    child = subprocess.Popen(command, start_new_session=True, stdin=null, stdout=null, stderr=null)
    with store.begin() as conn:
        database.hand_job(conn, id_, child.pid)
    Thread(target=child.wait, daemon=True).start()  # or a long-lived parent would collect the dead
    return id_


def _works(job: Job, now: int) -> bool:
    return job.state == "running" or (job.state == "queued" and now - job.created_at < STARTS)


def _failed(job: Job, now: int) -> bool:
    return job.state == "failed" and now - (job.ended_at or 0) < PATIENCE
