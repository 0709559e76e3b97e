"""A job that has a language model on this machine say better why things were recommended."""

import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from time import time

from .. import store as database
from ..explain import Wording
from ..explain.explainer import Explained, explain_slate, kept_words
from ..explain.improving import Improved, improve
from ..explain.writer import LocalModel
from ..recipe import Recipe
from ..store import Store
from ..store.slates import latest_slates
from ..watch import Watch

WORDS = "words"  # a kind of job, and the lease under which it works


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
    explained = [explain_slate(store, number) for number in dict.fromkeys(numbers)]
    return WordsFound(WORDS, str(improve_words(store, explained, recipe.explain, watch)))


def start_words(store: Store, slates: Sequence[int] = (), recent: int = 0) -> int:
    """A job of its own process for them; its number. It goes on when this process ends."""
    with store.begin() as conn:
        arguments = {"slates": list(slates), "recent": recent}
        id_ = database.add_job(conn, WORDS, arguments, int(time()))
    command = [sys.executable, "-m", "tastemaker", "jobs", "run", str(id_), "-p", str(store.root), "-q"]
    null = subprocess.DEVNULL
    subprocess.Popen(command, start_new_session=True, stdin=null, stdout=null, stderr=null)
    return id_
