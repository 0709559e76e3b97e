"""Plain NumPy, what a careful user would write without a library."""

import time
from typing import Any

import numpy as np

from peers.common import all_users, asked_users
from peers.judge import best_columns, recall_ndcg, top_lists
from peers.measure import Work
from peers.world import TOP, World


def topk(world: World) -> Work:
    users, items = world.factors

    def run() -> Any:
        return top_lists(users, items, world.train, TOP)

    return all_users(world, run, seen=True)


def one(world: World, n: int) -> Work:
    (users, items), asked = world.factors, asked_users(world, n)
    rows = [world.train[user].indices for user in asked]

    def run() -> list[float]:
        took = []
        for user, row in zip(asked, rows, strict=True):
            start = time.perf_counter()
            scores = items @ users[user]
            scores[row] = -np.inf
            best_columns(scores[None], TOP)
            took.append(time.perf_counter() - start)
        return took

    return Work(run, lambda took, _: float(np.median(took)) * 1e3)


def evaluation(world: World) -> Work:
    lists, test = world.lists, world.test
    return Work(lambda: recall_ndcg(lists, test), lambda _, seconds: seconds, dict)


CALLS = {"topk": topk, "one": one, "evaluation": evaluation}
