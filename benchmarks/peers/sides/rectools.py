"""RecTools: its ranker over given factors, metrics over data frames, EASE."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from rectools import Columns  # type: ignore[import-not-found]
from rectools.dataset import Dataset  # type: ignore[import-not-found]
from rectools.metrics import NDCG, Recall, calc_metrics  # type: ignore[import-not-found]
from rectools.models import EASEModel  # type: ignore[import-not-found]
from rectools.models.rank import Distance, ImplicitRanker  # type: ignore[import-not-found]

from peers.common import all_users, asked_users, trained_quality
from peers.measure import Work, once
from peers.world import TOP, World

COPIES = 4  # dense float32 (n_items, n_items) at once: the Gram matrix, what inv() copies, the identity, the inverse


def topk(world: World) -> Work:
    ranker, users = ImplicitRanker(Distance.DOT, *world.factors, num_threads=world.threads), np.arange(len(world.lists))

    def run() -> Any:
        return ranker.rank(users, k=TOP, filter_pairs_csr=world.train)[1]

    run()
    whole = all_users(world, run, seen=True)
    return Work(run, whole.figure, lambda found: whole.quality(np.reshape(found, (len(users), TOP))))


def one(world: World, n: int) -> Work:
    ranker, users = ImplicitRanker(Distance.DOT, *world.factors, num_threads=world.threads), asked_users(world, n)
    rows = [world.train[user] for user in users]

    def run() -> list[float]:
        took = []
        for user, row in zip(users, rows, strict=True):
            start = time.perf_counter()
            ranker.rank(np.array([user]), k=TOP, filter_pairs_csr=row)
            took.append(time.perf_counter() - start)
        return took

    run()
    return Work(run, lambda took, _: float(np.median(took)) * 1e3)


def evaluation(world: World) -> Work:
    lists, test = world.lists, world.test.tocoo()
    user, rank = np.repeat(np.arange(len(lists)), TOP), np.tile(np.arange(1, TOP + 1), len(lists))
    judged = np.isin(user, test.row)
    found = pd.DataFrame({Columns.User: user, Columns.Item: lists.ravel(), Columns.Rank: rank})[judged]
    wanted = pd.DataFrame({Columns.User: test.row, Columns.Item: test.col})
    metrics = {"recall": Recall(TOP), "ndcg": NDCG(TOP, divide_by_achievable=True)}

    def run() -> Any:
        return calc_metrics(metrics, found, wanted)

    run()
    return Work(run, lambda _, seconds: seconds, lambda means: {k: float(v) for k, v in means.items()})


def ease_quality(world: World, regularization: float) -> Work:
    need, free = COPIES * 4 * world.train.shape[1] ** 2, _available()
    if need > free:
        raise MemoryError(f"its dense matrices need {need / 2**30:.0f} GiB and {free / 2**30:.0f} GiB are free")

    def fit(_: int) -> Callable[[], Any]:
        data, model = _dataset(world), EASEModel(regularization, recommend_n_threads=world.threads)
        model.fit(data)
        return lambda: _lists(world, model, data)

    return trained_quality(world, lambda: once(1, fit))


def _dataset(world: World) -> Any:
    user, item = world.pairs
    frame = {Columns.User: user, Columns.Item: item, Columns.Weight: 1.0, Columns.Datetime: "2020-01-01"}
    return Dataset.construct(pd.DataFrame(frame))


def _lists(world: World, model: Any, data: Any) -> Any:
    lists = np.full((world.train.shape[0], TOP), -1, np.int32)
    found = model.recommend(np.unique(world.pairs[0]), data, k=TOP, filter_viewed=True)
    lists[found[Columns.User], found[Columns.Rank] - 1] = found[Columns.Item]
    return lists


def _available() -> int:
    lines = Path("/proc/meminfo").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("MemAvailable"))


CALLS = {"topk": topk, "one": one, "evaluation": evaluation, "ease_quality": ease_quality}
