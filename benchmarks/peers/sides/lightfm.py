"""LightFM in its maintained fork: BPR and WARP without features."""

import time
from collections.abc import Callable
from typing import Any

from lightfm import LightFM  # type: ignore[import-not-found]

from peers.common import factor_lists, trained_quality, training_speed, with_bias
from peers.measure import Work, for_seconds
from peers.world import World


def bpr_speed(world: World, epochs: int, dim: int, loss: str) -> Work:
    events = world.train.tocoo()

    def run(epochs: int = epochs) -> list[float]:
        model, ends = LightFM(dim, loss=loss, random_state=0), []
        for _ in range(epochs):
            model.fit_partial(events, num_threads=world.threads)
            ends.append(time.perf_counter())
        return ends

    run(1)
    return training_speed(world, run)


def bpr_quality(world: World, seconds: float, trial: int, dim: int, loss: str, alpha: float, **settings: float) -> Work:
    events = world.train.tocoo()

    def fit(epochs: int) -> Callable[[], Any]:
        model = LightFM(dim, loss=loss, item_alpha=alpha, user_alpha=alpha, random_state=0, **settings)
        model.fit(events, epochs=epochs, num_threads=world.threads)
        return factor_lists(world, *with_bias(model.user_embeddings, model.item_embeddings, model.item_biases))

    fit(1)
    return trained_quality(world, lambda: for_seconds(seconds, trial, fit))


CALLS = {"bpr_speed": bpr_speed, "bpr_quality": bpr_quality}
