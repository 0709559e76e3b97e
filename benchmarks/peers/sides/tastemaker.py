"""Ours: the public algorithms, and the compiled loops beneath them where a peer's counterpart is one too."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from scipy.sparse import csr_array

from peers.common import all_users, asked_users, iteration_time, trained_quality, training_speed
from peers.measure import Work, for_seconds, once
from peers.ratings import read_ratings, rmse
from peers.world import TOP, World
from tastemaker.algorithms import BPRMF, IALS, Algorithm, BiasedMF
from tastemaker.data.arrays import csr, empty_csr
from tastemaker.data.catalog import Catalog
from tastemaker.data.dataset import Dataset, Scale
from tastemaker.data.events import Events, events_of
from tastemaker.data.features import Features
from tastemaker.data.query import Batch
from tastemaker.data.vocab import Vocab
from tastemaker.kernels.ranking import ranking_metrics
from tastemaker.kernels.topk import top_of_factors
from tastemaker.recipe import resolve
from tastemaker.scorers import Scorer
from tastemaker.watch import Progress, Watch

WARM = 200  # users and items


def bpr_speed(world: World, epochs: int, dim: int, negatives: Any) -> Work:
    data = _likes(world)

    def run(epochs: int = epochs) -> list[float]:
        return _fit(data, BPRMF(dim=dim, epochs=epochs, negatives=negatives))[1]

    run(1)
    return training_speed(world, run)


def bpr_quality(world: World, seconds: float, trial: int, dim: int, **settings: Any) -> Work:
    data = _likes(world)

    def fit(epochs: int) -> Callable[[], Any]:
        return _lists(world, _fit(data, BPRMF(dim=dim, epochs=epochs, **settings))[0])

    fit(1)
    return trained_quality(world, lambda: for_seconds(seconds, trial, fit))


def ials_speed(world: World, epochs: int, dim: int, solver: Any) -> Work:
    data = _likes(world)

    def run(epochs: int = epochs) -> tuple[list[float], Callable[[], Any]]:
        scorer, ends = _fit(data, IALS(dim=dim, epochs=epochs, solver=solver))
        return ends, _lists(world, scorer)

    run(1)
    return iteration_time(world, run)


def quality(world: World, algorithm: str, **settings: Any) -> Work:
    table = {"algorithm": algorithm, **settings}
    model = resolve({"title": "", "catalog": {"title": "title"}, "models": {"it": table}}, "tasks.py").models["it"]
    data = _likes(world)

    def fit(_: int) -> Callable[[], Any]:
        return _lists(world, _fit(data, model)[0])

    _fit(_likes(world, slice(WARM)), model)  # loads libraries and compiled code
    return trained_quality(world, lambda: once(getattr(model, "epochs", 1), fit))


def topk(world: World, seen: bool) -> Work:
    users, items = world.factors
    exclude = csr_array(world.train) if seen else None

    def run() -> Any:
        return top_of_factors(users, items, TOP, exclude)[0]

    run()
    return all_users(world, run, seen)


def one(world: World, n: int) -> Work:
    (users, items), asked, seen = world.factors, asked_users(world, n), csr_array(world.train)
    rows = [seen[[user]] for user in asked]

    def run() -> list[float]:
        took = []
        for user, row in zip(asked, rows, strict=True):
            start = time.perf_counter()
            top_of_factors(users[user : user + 1], items, TOP, row)
            took.append(time.perf_counter() - start)
        return took

    run()
    return Work(run, lambda took, _: float(np.median(took)) * 1e3)


def evaluation(world: World) -> Work:
    lists, relevant = world.lists, csr_array(world.test)

    def run() -> Any:
        return ranking_metrics(lists, relevant)

    run()
    names = ("recall", "ndcg")
    return Work(run, lambda _, seconds: seconds, lambda found: {name: float(np.nanmean(found[name])) for name in names})


def ratings(_: World, file: str, split: str) -> Work:
    data = read_ratings(Path(file), split)
    user, item, value = data.part(train=True)
    shape, scale = (int(data.user.max()) + 1, int(data.item.max()) + 1), Scale(*data.scale)
    train, features = _dataset(events_of(user, item, value, "rating"), shape, {"rating": scale})
    history = csr(user, item, scale.signed(value), shape)
    asked, wanted, truth = data.part(train=False)
    low, high = data.scale

    def run() -> Any:
        scorer = BiasedMF().fit(train, features, np.random.default_rng(0), Watch())
        who, at = np.unique(asked, return_inverse=True)
        told = _strangers(empty_csr(len(who), shape[1]), history[who])
        return np.clip(scorer.score(told)[at, wanted], -1.0, 1.0)

    def judged(signed: Any) -> dict[str, float]:
        return {"rmse": rmse(low + (high - low) * (signed + 1.0) / 2.0, truth)}

    run()
    return Work(run, lambda _, seconds: seconds, judged)


def _fit(data: tuple[Dataset, Features], model: Algorithm) -> tuple[Scorer, list[float]]:
    """The model, and when each of its reports came: iterative algorithms make one an epoch."""
    ends: list[float] = []

    def report(_: Progress) -> None:
        ends.append(time.perf_counter())

    return model.fit(*data, np.random.default_rng(0), Watch(report=report)), ends


def _likes(world: World, part: slice = slice(None)) -> tuple[Dataset, Features]:
    """What is learned from, prepared before the clock starts; part: of the users and of the items."""
    matrix = world.train[part, part]
    user = np.repeat(np.arange(matrix.shape[0], dtype=np.int32), np.diff(matrix.indptr))
    events = events_of(user, matrix.indices.astype(np.int32), np.ones(len(user), np.float32), "like")
    return _dataset(events, matrix.shape)


def _dataset(
    events: Events, shape: tuple[int, int], scales: dict[str, Scale] | None = None
) -> tuple[Dataset, Features]:
    """Users and items that nothing is known of but their numbers."""
    users, items = (Vocab(tuple(map(str, range(n)))) for n in shape)
    return Dataset(events, Catalog(items, items.ids), users, scales=scales or {}), Features(items, {})


def _lists(world: World, scorer: Scorer) -> Callable[[], Any]:
    history = csr_array(world.train)
    return lambda: scorer.top(_strangers(history, empty_csr(*history.shape)), TOP, history)[0]


def _strangers(likes: Any, ratings: Any) -> Batch:
    """Everybody as somebody unknown with a history: no user's row from training is looked at."""
    n = likes.shape[0]
    return Batch(likes, ratings, np.full(n, -1, np.int32), np.zeros((n, 0), np.float32))


CALLS = {
    "bpr_speed": bpr_speed,
    "bpr_quality": bpr_quality,
    "ials_speed": ials_speed,
    "quality": quality,
    "topk": topk,
    "one": one,
    "evaluation": evaluation,
    "ratings": ratings,
}
