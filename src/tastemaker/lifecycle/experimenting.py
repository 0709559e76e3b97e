"""Experiments that need the recipe: simulated ones on the project's own users, and pre-trained against scratch."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from .. import store as database
from ..algorithms import Algorithm
from ..data.arrays import Float64
from ..data.dataset import Dataset
from ..errors import DataError, StoreError, TrainingError
from ..experiment import Mean, Plan, Simulated, check_options, mean_of, plan_for, simulate, start
from ..experiment.difference import FEWEST
from ..kernels.threads import one_blas_thread
from ..recipe import Recipe
from ..store import ModelVersion, Store
from ..store.experiments import Experiment, check_measure, running
from ..store.loading import save_features
from ..store.outcomes import MEASURES, daily_users, past_of
from ..watch import Watch
from .candidates import as_artifact, as_run, as_version, stream, trainable
from .meant import version_meant
from .plots import plot_training
from .pretrain import features_of_version, fit_one
from .real_users import n_users, split_real, together
from .train import train

FEW = 10  # fewer users than this are not calibrated on
EVER = 36_500  # days
WINDOW = 28


@dataclass(frozen=True)
class Validated:
    """users: how many the simulated ones were drawn from; source: what was measured on them; plan: for the first lift.

    alike: A/A; better: A/B, a lift each, all at the planned size
    """

    metric: str
    source: str
    users: int
    base: Mean
    plan: Plan
    alike: Simulated
    better: tuple[Simulated, ...]


def validate(
    store: Store, recipe: Recipe, metric: str = "like_accuracy", *, lifts: tuple[float, ...] = (0.2, 0.1, 0.05),
    share: float = 0.5, looks: int = 20, sims: int = 2000, alpha: float = 0.05, power: float = 0.9, seed: int = 0,
) -> Validated:  # fmt: skip
    """On the users whose outcomes were tracked; on the likes among their events where there are too few."""
    check_measure(metric)
    with store.read() as conn:
        (y, n), daily = past_of(conn, metric, None, EVER), daily_users(conn, WINDOW)
    source = "tracked outcomes"
    if len(y) < FEWEST:
        metric, source = "like_rate", "likes among their events, since too few outcomes have been tracked"
        y, n = _liked(store, recipe)
    base = mean_of(y, n)
    if len(y) < FEWEST or not base.variance > 0:
        few = f"{len(y)} users with outcomes are too few to draw from (needed: {FEWEST}). Import events first."
        alike = f"All {len(y)} users have the same {metric}, so chance decides nothing here. Track outcomes first."
        raise DataError(few if len(y) < FEWEST else alike)
    plan = plan_for(base, lifts[0] * abs(base.value), share, daily, alpha=alpha, power=power)
    rng, bounded = stream(seed, "validate"), MEASURES[metric].share
    runs = [
        simulate(y, n, plan, lift, rng, share=share, looks=looks, sims=sims, alpha=alpha, bounded=bounded)
        for lift in (0.0, *lifts)
    ]
    return Validated(metric, source, len(y), base, plan, runs[0], tuple(runs[1:]))


def _liked(store: Store, recipe: Recipe) -> tuple[Float64, Float64]:
    """Likes and events of each real user with an event, (users,) each."""
    data = _real(store, recipe)
    n = np.bincount(data.events.user, minlength=len(data.users)).astype(np.float64)
    y = np.bincount(data.events.user, data.liked(), minlength=len(data.users)).astype(np.float64)
    return y[n > 0], n[n > 0]


def _real(store: Store, recipe: Recipe) -> Dataset:
    with store.read() as conn:
        catalog = database.read_catalog(conn)
        return database.read_dataset(conn, catalog, recipe.tastes.names, recipe.scales, synthetic=False)


def start_pretrained(
    store: Store, recipe: Recipe, seed: int, watch: Watch, options: Mapping[str, Any], version: int | None = None
) -> Experiment:
    """Does pre-training help real users? The active version, or this one, against its like that never saw it.

    Both learn from the same real events with the same algorithm: the treatment from where pre-training left it (unless
    it already has), control from a random start and without invented users. options: of `experiment.start`.
    """
    with store.read() as conn:
        chosen, now = version_meant(conn, version), running(conn)
        runs = [run for one in database.lineage(conn, chosen.id) for run in database.list_runs(conn, one.id)]
    if now is not None:
        raise StoreError(f"Experiment {now.id} is running, and only one can. End it first: tastemaker experiment stop")
    if not any(run.events_synthetic for run in runs):
        raise TrainingError(
            f"Version {chosen.id} ({chosen.algorithm}) was not pre-trained, so there is nothing to compare. Run "
            "tastemaker pretrain, or name another: tastemaker experiment pretrained --version N"
        )
    _model(recipe, chosen)
    check_options(store, chosen.id, **options)  # before anything is learned
    taught = any(run.events_real for run in runs)
    tuned = chosen if taught else train(store, recipe, chosen.id, seed, watch, {}).version
    plain = from_scratch(store, recipe, tuned, seed, watch)
    why = f"pre-trained (version {tuned.id}) against a random start (version {plain.id})"
    return start(store, plain.id, tuned.id, reason=why, **options)


@one_blas_thread()
def from_scratch(store: Store, recipe: Recipe, like: ModelVersion, seed: int, watch: Watch) -> ModelVersion:
    """A version of the same algorithm that learned from the real events alone, started at random; a candidate."""
    model = _model(recipe, like)
    data = _real(store, recipe)
    split = split_real(data)
    features = features_of_version(store, recipe, data.catalog, like, watch)
    saved = save_features(store.artifacts, features)
    parts = [part for part in (split.train, split.test) if len(part)]
    valid = split.valid if n_users(split.valid) >= FEW else split.train
    learned = fit_one(
        like.algorithm, model, together(data, parts), features, seed, watch, valid, None, rules=recipe.rules
    )
    artifact = as_artifact(store, learned.scorer, data.catalog, recipe, saved)
    used = sum(len(part) for part in parts)
    with store.begin() as conn:
        first = database.list_versions(conn)[0]
        new = as_version(
            learned, artifact, recipe=recipe.name, seed=seed, parent=first.id, data=f"real:{used} synthetic:0",
            features=features.digest, metrics={},
        )  # fmt: skip
        why = f"like version {like.id}, from a random start"
        (id_,) = database.add_versions(conn, [replace(new, judged_artifact=None, events_real=used, reason=why)])
        database.record_run(conn, as_run(learned, id_, used, 0))
        made = database.version(conn, id_)
    if learned.curve:
        plot_training(store.root / "plots" / f"version-{id_}-training.png", learned.name, learned.curve)
    return made


def _model(recipe: Recipe, like: ModelVersion) -> Algorithm:
    models, lacking = trainable(recipe.models)
    found = models.get(like.algorithm)
    if found is None or found.learns != "tastes":
        missing = f" {lacking[0]}" if lacking and found is None else ""
        raise TrainingError(
            f"Version {like.id} is {like.algorithm}, which pre-training teaches nothing here, so it has no like from "
            f"scratch.{missing} Name another: tastemaker experiment pretrained --version N"
        )
    return found
