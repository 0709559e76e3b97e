"""LensKit: ImplicitMF (Cholesky, compiled from Rust), recommending through its pipeline, RunAnalysis."""

import time
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
from lenskit.als import ImplicitMFScorer  # type: ignore[import-not-found]
from lenskit.batch import recommend  # type: ignore[import-not-found]
from lenskit.data import (  # type: ignore[import-not-found]
    Dataset,
    ItemList,
    ItemListCollection,
    UserIDKey,
    from_interactions_df,
)
from lenskit.metrics import NDCG, Recall, RunAnalysis  # type: ignore[import-not-found]
from lenskit.metrics.ranking import LogRankWeight  # type: ignore[import-not-found]
from lenskit.pipeline import topn_pipeline  # type: ignore[import-not-found]
from lenskit.training import TrainingOptions  # type: ignore[import-not-found]

from peers.common import all_users, asked_users, factor_lists, iteration_time
from peers.measure import Work
from peers.world import TOP, World


def als_speed(world: World, epochs: int, dim: int, weight: float, regularization: float) -> Work:
    data, options = _dataset(world), TrainingOptions(rng=0)

    def run(epochs: int = epochs) -> tuple[list[float], Callable[[], Any]]:
        model = ImplicitMFScorer(embedding_size=dim, weight=weight, regularization=regularization)
        trainer, ends = model.create_trainer(data, options), []
        for _ in range(epochs):
            trainer.train_epoch()
            ends.append(time.perf_counter())
        trainer.finalize()
        return ends, factor_lists(world, model.user_embeddings, model.item_embeddings)

    return iteration_time(world, run)


def topk(world: World, n_users: int) -> Work:
    pipeline = _given(world)
    n = min(n_users, world.train.shape[0])

    def run() -> Any:
        return recommend(pipeline, list(range(n)), n=TOP, n_jobs=1)

    recommend(pipeline, [0, 1], n=TOP, n_jobs=1)
    whole = all_users(world, run, seen=True, n_users=n)
    return Work(run, whole.figure, lambda found: whole.quality(_lists(found, n)))


def one(world: World, n: int) -> Work:
    pipeline, users = _given(world), asked_users(world, n)

    def run() -> list[float]:
        took = []
        for user in users:
            start = time.perf_counter()
            pipeline.run("recommender", query=int(user), n=TOP)
            took.append(time.perf_counter() - start)
        return took

    return Work(run, lambda took, _: float(np.median(took)) * 1e3)


def evaluation(world: World) -> Work:
    lists, test = world.lists, world.test
    judged = np.flatnonzero(np.diff(test.indptr))
    found = ItemListCollection.from_dict({int(u): ItemList(lists[u], ordered=True) for u in judged}, UserIDKey)
    wanted = ItemListCollection.from_dict({int(u): ItemList(test[u].indices) for u in judged}, UserIDKey)

    def run() -> Any:
        analysis = RunAnalysis(Recall(TOP), NDCG(TOP, weight=LogRankWeight(offset=1)))
        return analysis.measure(found, wanted).list_summary()["mean"]

    names = {"recall": f"Recall@{TOP}", "ndcg": f"NDCG@{TOP}"}
    return Work(run, lambda _, seconds: seconds, lambda means: {k: float(means[v]) for k, v in names.items()})


def _dataset(world: World) -> Dataset:
    user, item = world.pairs
    n_users, n_items = world.train.shape
    frame = pd.DataFrame({"user_id": user, "item_id": item})
    return from_interactions_df(frame, users=np.arange(n_users), items=np.arange(n_items))


def _given(world: World) -> Any:
    """A pipeline around the given factors."""
    data, (users, items) = _dataset(world), world.factors
    model = ImplicitMFScorer(embedding_size=items.shape[1], user_embeddings="prefer", epochs=1)
    pipeline = topn_pipeline(model, n=TOP)
    pipeline.train(data, TrainingOptions(rng=0))
    trained = pipeline.component("scorer")
    trained.user_embeddings, trained.item_embeddings = users, items
    return pipeline


def _lists(found: Any, n: int) -> Any:
    return np.array([found.lookup(user_id=user).ids() for user in range(n)])


CALLS = {"als_speed": als_speed, "topk": topk, "one": one, "evaluation": evaluation}
