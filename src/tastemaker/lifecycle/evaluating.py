"""The long judgement: held-out users, held-out items, and what each further ranking of a new user is worth."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from .. import store as database
from ..algorithms import ALGORITHMS, Algorithm, Popular
from ..data.catalog import Catalog
from ..data.features import Features
from ..errors import TrainingError
from ..evaluate import Report, judge, measure
from ..features.build import build_features
from ..kernels.threads import one_blas_thread
from ..recipe import Recipe
from ..recommender import single
from ..scorers import Scorer
from ..store import ModelVersion, Store
from ..store.loading import load_scorer
from ..synth.cases import draw_held_out, stated_case, user_cases
from ..watch import Watch
from .candidates import beginners, stream, trainable
from .check import check_trainable, invents_tastes
from .cold_start import ColdStart, Curve
from .meant import version_meant
from .plots import plot_cold_start
from .pretrain import VALID_USERS, features_of_version, fit_one
from .synthesize import invent

HELD_OUT = 0.2  # share of the items that training never sees


@dataclass(frozen=True)
class Evaluation:
    """users: the version's report for each case; items: model -> its report on items that training never saw;

    curve: way of learning -> known rankings -> Spearman; plot: where it is drawn
    """

    version: ModelVersion
    users: Sequence[Report]
    items: Mapping[str, Report]
    curve: Curve
    plot: Path


@one_blas_thread()
def evaluate_project(store: Store, recipe: Recipe, seed: int, watch: Watch, version: int | None) -> Evaluation:
    with store.read() as conn:
        catalog = database.read_catalog(conn)
        found = version_meant(conn, version)
        features_digest, real = database.get_meta(conn, "features"), database.count_events(conn).real
    if not invents_tastes(recipe):
        raise TrainingError(_unjudged(found, real))
    check_trainable(catalog, recipe)
    scorer = load_scorer(store.artifacts, found, catalog, features_digest, recipe.tastes.names)
    features = features_of_version(store, recipe, catalog, found, watch)
    users = _on_users(recipe, catalog, features, scorer, seed)
    items = held_out_items(store, recipe, catalog, seed, watch)
    start = ColdStart(recipe, catalog, features, scorer, _model_of(found, recipe), seed)
    curve = start.curve(watch.on("cold start"))
    plot = plot_cold_start(store.root / "plots" / f"version-{found.id}-cold-start.png", curve)
    return Evaluation(found, users, items, curve, plot)


def _unjudged(version: ModelVersion, real: int) -> str:
    """Where only real events can judge, and the version has learned from none."""
    if real:
        return (
            f"Version {version.id} has learned from none of the {real:,} real events, and is judged beside what does: "
            "tastemaker train. Then: tastemaker evaluate"
        )
    return (
        f"There are no real events to judge version {version.id} by. Import what users did: tastemaker import FILE. "
        "Then: tastemaker train, tastemaker evaluate"
    )


def _on_users(recipe: Recipe, catalog: Catalog, features: Features, scorer: Scorer, seed: int) -> list[Report]:
    cases = user_cases(recipe.synth, features, recipe.judge.users, stream(seed, "evaluate"))
    train = invent(recipe, catalog, features, seed).dataset
    popular = single(catalog, features.tastes, Popular().fit(train, features, stream(seed, "popular"), Watch()))
    model = single(catalog, features.tastes, scorer)
    return [judge(model, case, stream(seed, f"judge {case.name}"), measure(popular, case)) for case in cases]


def held_out_items(store: Store, recipe: Recipe, catalog: Catalog, seed: int, watch: Watch) -> dict[str, Report]:
    """Every model learned again without a fifth of the items, features included, and judged on lists of just those."""
    held = stream(seed, "held-out items").random(len(catalog)) < HELD_OUT
    if min(held.sum(), (~held).sum()) < 2:
        return {}
    n = int((~held).sum())
    ordered = catalog.take(np.argsort(held, kind="stable"))  # the seen items first, as with_items wants them
    seen = np.arange(len(catalog)) < n
    on_features = watch.on("features without held-out items")
    features = build_features(ordered, recipe.features, recipe.tastes, seed, on_features, store.cache, seen)
    models = _learned_on(recipe, ordered.where(seen), features.where(seen), seed, watch)
    unseen = np.flatnonzero(~seen).astype(np.int32)
    users = draw_held_out(recipe.synth, features, recipe.judge.users, stream(seed, "item judge"), among=unseen)
    case = replace(stated_case(users), name="held-out items", protocol="users and items that training never saw")
    found = {}
    for name, model in models.items():
        whole = single(ordered, features.tastes, model.with_items(features))
        found[name] = judge(whole, case, stream(seed, "judge items"))
    return found


def _learned_on(recipe: Recipe, catalog: Catalog, features: Features, seed: int, watch: Watch) -> dict[str, Scorer]:
    train = invent(recipe, catalog, features, seed).dataset
    valid = invent(recipe, catalog, features, seed, VALID_USERS, purpose="valid").dataset
    models, _ = trainable(beginners(recipe.models))
    return {n: fit_one(n, m, train, features, seed, watch, valid, rules=recipe.rules).scorer for n, m in models.items()}


def _model_of(version: ModelVersion, recipe: Recipe) -> Algorithm:
    """The algorithm that made a version, with the recipe's settings; else the first that learns."""
    models, _ = trainable(beginners(recipe.models))
    learning = {name: model for name, model in models.items() if name not in ("content", "popular")}
    if version.algorithm in learning:
        return learning[version.algorithm]
    return next(iter(learning.values()), ALGORITHMS["bpr"]())
