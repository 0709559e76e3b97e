"""The settings that a retraining goes on with, and others around them, tried on validation data."""

from collections.abc import Mapping
from time import time

import numpy as np

from .. import store as database
from ..algorithms import Algorithm
from ..algorithms.parts import with_params
from ..errors import DataError, TrainingError
from ..recipe import Recipe
from ..store import ModelVersion, Store
from ..tune import around, quiet
from ..watch import Watch
from .candidates import stream
from .later import next_part
from .pretrain import features_of_version
from .tuning_objective import LaterObjective, inside


def gone_on(models: Mapping[str, Algorithm], parent: ModelVersion) -> tuple[dict[str, Algorithm], str]:
    """The active version's model with its own settings, unless the recipe says others since; and whose they are.

    Else what a search after an alarm had found would be lost at the next retraining.
    """
    name = parent.algorithm
    if name not in models:
        return dict(models), "the recipe's"
    if parent.metrics.get("recipe") != repr(models[name]):
        return {name: models[name]}, "the recipe's"
    return {name: with_params(models[name], parent.params)}, f"those of version {parent.id}"


def best_around(
    store: Store, recipe: Recipe, name: str, model: Algorithm, n: int, seed: int, watch: Watch
) -> Algorithm:
    """The best of the present settings and `n` near them; the events that judge the candidate are not looked at.

    By log loss where models are judged by accuracy, which is too coarse to tell neighbors apart.
    """
    with store.read() as conn:
        catalog = database.read_catalog(conn)
        parent = database.active_version(conn)
        data = database.read_dataset(conn, catalog, recipe.tastes.names, recipe.scales, synthetic=False)
    assert parent is not None
    try:
        part = inside(next_part(data, recipe, parent, int(time())))
    except DataError:  # too little to choose by
        return model
    features = features_of_version(store, recipe, catalog, parent, watch)
    objective = LaterObjective(part, features).fitting(model, watch)
    objective = objective.named("log loss") if objective.metric == "accuracy" else objective
    tried, found, on = [model, *around(model, n, seed)], [], watch.on(f"search {name}")
    for done, one in enumerate(tried, 1):
        try:
            value = objective(one, stream(seed, name), quiet(watch))
        except (TrainingError, DataError):  # settings that cannot learn here
            value = float("nan")
        found.append(value if objective.higher else -value)
        on.progress(done, len(tried), **{objective.metric.replace(" ", "_"): value})
    return tried[int(np.nanargmax(found))] if not np.isnan(found).all() else model
