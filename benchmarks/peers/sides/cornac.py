"""Cornac: BPR with uniform negatives."""

import time
from collections.abc import Callable
from typing import Any

import numpy as np
from cornac.data import Dataset  # type: ignore[import-not-found]
from cornac.models import BPR  # type: ignore[import-not-found]

from peers.common import factor_lists, trained_quality, training_speed, with_bias
from peers.measure import Work, for_seconds
from peers.world import World


def bpr_speed(world: World, epochs: int, dim: int) -> Work:
    data = _dataset(world)

    def run(epochs: int = epochs) -> list[float]:
        model, ends = BPR(k=dim, max_iter=1, num_threads=world.threads), []
        for _ in range(epochs):  # a second fit goes on from the factors of the first
            model.fit(data)
            ends.append(time.perf_counter())
        return ends

    run(1)
    return training_speed(world, run)


def bpr_quality(world: World, seconds: float, trial: int, dim: int, **settings: float) -> Work:
    data = _dataset(world)

    def fit(epochs: int) -> Callable[[], Any]:
        model = BPR(k=dim, max_iter=epochs, num_threads=world.threads, **settings)
        model.fit(data)
        return factor_lists(world, *with_bias(model.u_factors, model.i_factors, model.i_biases))

    fit(1)
    return trained_quality(world, lambda: for_seconds(seconds, trial, fit))


def _dataset(world: World) -> Any:
    """Cornac's own door numbers users by first appearance; built directly, its rows are ours."""
    n_users, n_items = world.train.shape
    user, item = world.pairs
    names = {i: i for i in range(n_users)}, {i: i for i in range(n_items)}
    return Dataset(n_users, n_items, *names, (user, item, np.ones(len(user), np.float32)))


CALLS = {"bpr_speed": bpr_speed, "bpr_quality": bpr_quality}
