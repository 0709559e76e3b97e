"""The long judgement: held-out users, held-out items, and what each further ranking of a new user is worth."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from .. import store as database
from ..algorithms import ALGORITHMS, Algorithm, Popular
from ..data.case import Case
from ..data.catalog import Catalog
from ..data.features import Features
from ..data.query import Query
from ..errors import TrainingError
from ..evaluate import Report, judge, measure
from ..features.build import FeatureSettings, build_features
from ..metrics import Interval, interval
from ..recipe import Recipe
from ..recommender import single
from ..scorers import Popularity, Scorer
from ..store import ModelVersion, Store
from ..store.answers import load_scorer
from ..synth.cases import HeldOut, draw_held_out, stated_case, user_cases
from ..synth.users import as_dataset
from ..watch import Watch
from .candidates import stream, trainable
from .check import check_trainable
from .plots import plot_cold_start
from .pretrain import VALID_USERS, fit_one, project_features
from .synthesize import RANKS, invent

HELD_OUT = 0.2  # share of the items that training never sees
KNOWN = (0, 1, 2, 5, 10)  # rankings of the cold-start curve
CURVE_USERS = 1000

Curve = Mapping[str, Mapping[int, Interval]]


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


def evaluate_project(store: Store, recipe: Recipe, seed: int, watch: Watch, version: int | None) -> Evaluation:
    with store.read() as conn:
        catalog = database.read_catalog(conn)
        found = database.active_version(conn) if version is None else database.version(conn, version)
        features_digest = database.get_meta(conn, "features")
    check_trainable(catalog, recipe)
    if found is None:
        raise TrainingError("No version is active. Run: tastemaker pretrain")
    scorer = load_scorer(store.artifacts, found, catalog, features_digest)
    features = project_features(store, recipe, catalog, found.seed, watch)
    users = _on_users(recipe, catalog, features, scorer, seed)
    items = held_out_items(store, recipe, catalog, seed, watch)
    curve = cold_start(recipe, catalog, features, scorer, _model_of(found, recipe), seed, watch.on("cold start"))
    plot = plot_cold_start(store.root / "plots" / f"version-{found.id}-cold-start.png", curve)
    return Evaluation(found, users, items, curve, plot)


def _on_users(recipe: Recipe, catalog: Catalog, features: Features, scorer: Scorer, seed: int) -> list[Report]:
    cases = user_cases(recipe.synth, features, recipe.judge.users, stream(seed, "evaluate"))
    train = invent(recipe, catalog, features, seed).dataset
    popular = single(catalog, features.tastes, Popular().fit(train, features, stream(seed, "popular"), Watch()))
    model = single(catalog, features.tastes, scorer)
    return [judge(model, case, stream(seed, f"judge {case.name}"), popular) for case in cases]


def held_out_items(store: Store, recipe: Recipe, catalog: Catalog, seed: int, watch: Watch) -> dict[str, Report]:
    """Every model learned again without a fifth of the items, features included, and judged on lists of just those."""
    held = stream(seed, "held-out items").random(len(catalog)) < HELD_OUT
    if min(held.sum(), (~held).sum()) < 2:
        return {}
    n = int((~held).sum())
    ordered = catalog.take(np.argsort(held, kind="stable"))  # the seen items first, as with_items wants them
    settings = FeatureSettings(recipe.features.blocks, recipe.features.text)
    seen = np.arange(len(catalog)) < n
    on_features = watch.on("features without held-out items")
    features = build_features(ordered, settings, recipe.tastes, seed, on_features, store.cache, seen)
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
    models, _ = trainable(recipe.models)
    return {name: fit_one(name, m, train, features, seed, watch, valid).scorer for name, m in models.items()}


def cold_start(
    recipe: Recipe, catalog: Catalog, features: Features, pretrained: Scorer, model: Algorithm, seed: int, watch: Watch
) -> Curve:
    """New users' quality by how many of their rankings are known, tastes stated or not.

    pre-trained: the version, told the known rankings. from scratch: the same algorithm, with nothing to learn from but
    the known rankings (and stated tastes) of all these users together; below two rankings it has learned nothing.
    """
    users = draw_held_out(recipe.synth, features, CURVE_USERS, stream(seed, "curve"))
    curve: dict[str, dict[int, Interval]] = {}
    for done, k in enumerate(KNOWN):
        for stated in (False, True):
            case = _curve_case(users, catalog, k, stated)
            scratch = _scratch(recipe, catalog, features, users, k, stated, model, seed)
            for label, scorer in (("pre-trained", pretrained), ("from scratch", scratch)):
                line = curve.setdefault(f"{label}, tastes {'stated' if stated else 'unknown'}", {})
                line[k] = _spearman(scorer, case, catalog, features, seed)
        watch.progress(done + 1, len(KNOWN))
    return curve


def _curve_case(users: HeldOut, catalog: Catalog, k: int, stated: bool) -> Case:
    known = users.ratings(catalog.items.ids, k)
    profiles = [dict(zip(users.names, map(float, row), strict=True)) if stated else {} for row in users.tastes]
    queries = tuple(Query(ratings=r, profile=p) for r, p in zip(known, profiles, strict=True))
    return Case("cold start", f"{k} rankings known", queries, users.judged.items, users.relevance())


def _scratch(
    recipe: Recipe, catalog: Catalog, features: Features, users: HeldOut, k: int, stated: bool, model: Algorithm,
    seed: int,
) -> Scorer:  # fmt: skip
    """What the algorithm makes of k rankings of each of these users, and nothing else."""
    if k < 2:
        return Popularity(np.zeros(len(catalog), np.float32))
    tastes = users.tastes if stated else np.full_like(users.tastes, np.nan)
    scale = recipe.scales.get("ranking", RANKS)
    whole = as_dataset(users.history, tastes, users.names, catalog, scale)
    first = np.tile(np.arange(users.history.items.shape[1]) < k, len(users.tastes))
    return model.fit(whole.where(first), features, stream(seed, f"scratch {k} {stated}"), Watch())


def _spearman(scorer: Scorer, case: Case, catalog: Catalog, features: Features, seed: int) -> Interval:
    found = measure(single(catalog, features.tastes, scorer), case)["spearman"]
    return interval(found, stream(seed, f"curve interval {case.protocol}"))


def _model_of(version: ModelVersion, recipe: Recipe) -> Algorithm:
    """The algorithm that made a version, with the recipe's settings; else the first that learns."""
    models, _ = trainable(recipe.models)
    learning = {name: model for name, model in models.items() if name not in ("content", "popular")}
    if version.algorithm in learning:
        return learning[version.algorithm]
    return next(iter(learning.values()), ALGORITHMS["bpr"]())
