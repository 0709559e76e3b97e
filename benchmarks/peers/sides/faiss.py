"""faiss: exact search by inner product over a flat index; it cannot leave out what each user has seen."""

import time
from typing import Any

import faiss  # type: ignore[import-not-found]
import numpy as np

from peers.common import all_users, asked_users
from peers.measure import Work
from peers.world import TOP, World


def topk(world: World) -> Work:
    users, items = world.factors
    index = _index(items, world.threads)

    def run() -> Any:
        return index.search(users, TOP)[1]

    run()
    return all_users(world, run, seen=False)


def one(world: World, n: int) -> Work:
    users, items = world.factors
    index, asked = _index(items, threads=1), asked_users(world, n)  # a second thread makes a single query slower

    def run() -> list[float]:
        took = []
        for user in asked:
            start = time.perf_counter()
            index.search(users[user : user + 1], TOP)
            took.append(time.perf_counter() - start)
        return took

    run()
    return Work(run, lambda took, _: float(np.median(took)) * 1e3)


def _index(items: Any, threads: int) -> Any:
    faiss.omp_set_num_threads(threads)
    index = faiss.IndexFlatIP(items.shape[1])
    index.add(items)
    return index


CALLS = {"topk": topk, "one": one}
