"""implicit: BPR (negatives drawn by popularity), ALS by Cholesky and by conjugate gradient, item-kNN, top-k."""

import time
from collections.abc import Callable
from typing import Any

import numpy as np
from implicit.cpu.als import AlternatingLeastSquares  # type: ignore[import-not-found]
from implicit.cpu.bpr import BayesianPersonalizedRanking  # type: ignore[import-not-found]
from implicit.nearest_neighbours import (  # type: ignore[import-not-found]
    BM25Recommender,
    CosineRecommender,
    TFIDFRecommender,
)

from peers.common import (
    all_users,
    asked_users,
    factor_lists,
    iteration_time,
    trained_quality,
    training_speed,
)
from peers.measure import Work, for_seconds, once
from peers.world import TOP, World

NEIGHBORS = {"cosine": CosineRecommender, "tfidf": TFIDFRecommender, "bm25": BM25Recommender}


def bpr_speed(world: World, epochs: int, dim: int) -> Work:
    def run(epochs: int = epochs) -> list[float]:
        model = BayesianPersonalizedRanking(dim, iterations=epochs, num_threads=world.threads, random_state=0)
        return _ends(model, world.train)

    run(1)
    return training_speed(world, run)


def bpr_quality(world: World, seconds: float, trial: int, dim: int, **settings: float) -> Work:
    def fit(epochs: int) -> Callable[[], Any]:
        threads = world.threads
        model = BayesianPersonalizedRanking(dim, iterations=epochs, num_threads=threads, random_state=0, **settings)
        model.fit(world.train, show_progress=False)
        return factor_lists(world, model.user_factors, model.item_factors)

    fit(1)
    return trained_quality(world, lambda: for_seconds(seconds, trial, fit))


def als_speed(world: World, epochs: int, dim: int, cg: bool, alpha: float, regularization: float) -> Work:
    def run(epochs: int = epochs) -> tuple[list[float], Callable[[], Any]]:
        model = _als(world, epochs, dim, cg, alpha=alpha, regularization=regularization)
        ends = _ends(model, world.train)
        return ends, factor_lists(world, model.user_factors, model.item_factors)

    run(1)
    return iteration_time(world, run)


def als_quality(world: World, epochs: int, dim: int, cg: bool, **settings: float) -> Work:
    def fit(epochs: int) -> Callable[[], Any]:
        model = _als(world, epochs, dim, cg, **settings)
        model.fit(world.train, show_progress=False)
        return factor_lists(world, model.user_factors, model.item_factors)

    return trained_quality(world, lambda: once(epochs, fit))


def knn_quality(world: World, kind: str, neighbors: int) -> Work:
    def fit(_: int) -> Callable[[], Any]:
        model = NEIGHBORS[kind](K=neighbors, num_threads=world.threads)
        model.fit(world.train, show_progress=False)
        users = np.arange(world.train.shape[0])
        return lambda: model.recommend(users, world.train, N=TOP)[0]

    return trained_quality(world, lambda: once(1, fit))


def topk(world: World) -> Work:
    model, users = _given(world), np.arange(world.train.shape[0])

    def run() -> Any:
        return model.recommend(users, world.train, N=TOP)[0]

    run()
    return all_users(world, run, seen=True)


def one(world: World, n: int) -> Work:
    model, users = _given(world), asked_users(world, n)
    rows = [world.train[user] for user in users]

    def run() -> list[float]:
        took = []
        for user, row in zip(users, rows, strict=True):
            start = time.perf_counter()
            model.recommend(user, row, N=TOP)
            took.append(time.perf_counter() - start)
        return took

    run()
    return Work(run, lambda took, _: float(np.median(took)) * 1e3)


def _als(world: World, epochs: int, dim: int, cg: bool, **settings: float) -> Any:
    return AlternatingLeastSquares(
        dim, iterations=epochs, use_cg=cg, num_threads=world.threads, random_state=0, **settings
    )


def _given(world: World) -> Any:
    users, items = world.factors
    model = _als(world, 1, items.shape[1], cg=True)
    model.user_factors, model.item_factors = users, items
    return model


def _ends(model: Any, train: Any) -> list[float]:
    ends: list[float] = []
    model.fit(train, show_progress=False, callback=lambda *_: ends.append(time.perf_counter()))
    return ends


CALLS = {
    "bpr_speed": bpr_speed,
    "bpr_quality": bpr_quality,
    "als_speed": als_speed,
    "als_quality": als_quality,
    "knn_quality": knn_quality,
    "topk": topk,
    "one": one,
}
