"""Choices that are enough to learn from but too few to judge on: the network is learned, and may step aside."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
from sqlalchemy import Connection

from .. import store as database
from ..algorithms import Algorithm, ChoiceLearner
from ..data.catalog import Catalog
from ..data.dataset import Dataset
from ..data.known import first_contacts
from ..errors import TrainingError
from ..recipe import Recipe
from ..recipe.context import choice_model
from ..store import ModelVersion, NewVersion, Store
from ..store.loading import save_features
from ..watch import Watch
from .candidates import Candidate, as_artifact, as_run, as_version, fingerprint, keep_features, learn, stream
from .plots import plot_training
from .pretrain import features_of_version

ENOUGH = 50  # choices from which on a fifth of them can judge


def learnable(conn: Connection, recipe: Recipe, catalog: Catalog) -> Dataset:
    """What real users did; and what invented people did, where the recipe has [life] and real choices are too few."""
    model = choice_model(recipe.models, recipe.context)
    invented = recipe.life.users > 0 and model is not None and database.count_events(conn).real < model.least
    synthetic = None if invented else False
    return database.read_dataset(conn, catalog, recipe.tastes.names, recipe.scales, synthetic=synthetic)


def taught_by_few(
    store: Store, recipe: Recipe, models: Mapping[str, Algorithm], parent: ModelVersion, seed: int, watch: Watch,
    now: int | None,
) -> tuple[ModelVersion, str] | None:  # fmt: skip
    """A version, active at once, and why; None where none of these learns choices, or there are enough to judge on.

    TrainingError where there are too few even to learn from: it says how many are missing.
    """
    model = choice_model(models, recipe.context)
    if model is None:
        return None
    with store.read() as conn:
        catalog = database.read_catalog(conn)
        data = learnable(conn, recipe, catalog)
    n = int((data.liked() & first_contacts(data)).sum())
    _refuse_too_few(n, model)
    if n >= ENOUGH:
        return None
    features = features_of_version(store, recipe, catalog, parent, watch)
    saved = save_features(store.artifacts, features)
    name = next((name for name, one in models.items() if one == model), "choices")
    found = learn(name, model, watch, lambda stage: model.fit(data, features, stream(seed, name), stage))
    why = (
        f"{n} choices are too few to judge on (needed: {ENOUGH}), so it speaks only where it is surer than the mapping"
    )
    artifact = as_artifact(store, found.scorer, catalog, recipe, saved)
    real = int((~data.events.synthetic).sum())
    made = as_version(
        found, artifact, recipe=recipe.name, seed=seed, parent=parent.id, metrics={"unjudged": why},
        data=fingerprint(model, data, features, seed), features=features.digest,
    )  # fmt: skip
    time = np.minimum(data.events.time, data.events.received_at)
    made = replace(made, created_at=database.moment(now), events_real=real, events_synthetic=len(data) - real,
                   reason="train", data_from=int(time.min()), data_to=int(time.max()))  # fmt: skip
    with store.begin() as conn:
        watch.settle(conn)
        keep_features(conn, catalog, saved)
        version, why = _added(conn, made, found, parent, why, now)
    plot_training(store.root / "plots" / f"version-{version.id}-training.png", found.name, found.curve)
    return version, why


def _added(
    conn: Connection, made: NewVersion, found: Candidate, parent: ModelVersion, why: str, now: int | None
) -> tuple[ModelVersion, str]:
    """Active, unless another version became so meanwhile."""
    (id_,) = database.add_versions(conn, [made])
    database.record_run(conn, as_run(found, id_, made.events_real, made.events_synthetic))
    active = database.active_version(conn)
    if active is not None and active.id != parent.id:
        why = f"{why}; but version {active.id}, from which it does not come, is active"
    else:
        database.activate(conn, id_, f"train: {why}", now)
    return database.version(conn, id_), why


def _refuse_too_few(n: int, model: ChoiceLearner) -> None:
    if n < model.least:
        raise TrainingError(
            f"There are {n} choices, and a network needs {model.least}: {model.least - n} more are missing. Until then "
            "the mapping answers. To try it out with invented ones: tastemaker synthesize"
        )


def parts_of(data: Dataset, mask: np.ndarray) -> tuple[int, int]:
    """Real and invented events among these."""
    invented = int((data.events.synthetic & mask).sum())
    return int(mask.sum()) - invented, invented
