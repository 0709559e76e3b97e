"""Fine-tuning on what real users did, judged on real users whom the candidate did not see."""

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np

from .. import store as database
from ..algorithms import Algorithm
from ..data.case import Case
from ..data.catalog import Catalog
from ..data.dataset import Dataset
from ..data.features import Features
from ..data.nearest import did_you_mean
from ..data.split import GroupSplit
from ..errors import QueryError, TrainingError
from ..evaluate import Report, judge
from ..kernels.threads import one_blas_thread
from ..metrics import Interval, paired, spearman
from ..recipe import Recipe
from ..recommender import single
from ..scorers import Scorer
from ..store import EventCount, ModelVersion, Store
from ..store.loading import load_scorer, save_features
from ..watch import Watch
from .candidates import ALL, Candidate, as_artifact, as_run, as_version, keep_features, stream, trainable
from .meant import version_meant
from .plots import plot_training
from .pretrain import features_of_version, fit_one
from .real_users import n_users, real_case, split_real, together

FEW = 10  # fewer held-out users than this cannot tell two models apart
REPLAY = 200  # invented users learned from again, at least, so that what they taught is not forgotten
GENTLE = 0.3  # fine-tuning's learning rate, as a share of the first one's
AGREE = 0.5  # mean Spearman between judged and deployed model, below which nothing is deployed


@dataclass(frozen=True)
class Trained:
    """before, after: judged on held-out real users, None where there are too few; lift: after - before, paired

    activated: did the new version replace the active one, and why (not)
    """

    version: ModelVersion
    parent: ModelVersion
    used: EventCount
    before: Report | None
    after: Report | None
    lift: Interval | None
    activated: bool
    why: str


@one_blas_thread()
def train(
    store: Store, recipe: Recipe, start: str | int, seed: int, watch: Watch, options: Mapping[str, Any]
) -> Trained:
    with store.read() as conn:
        catalog = database.read_catalog(conn)
        parent = parent_of(conn, start)
        data = database.read_dataset(conn, catalog, recipe.tastes.names, recipe.scales)
    split = split_real(data)
    features = features_of_version(store, recipe, catalog, parent, watch)
    saved = save_features(store.artifacts, features)
    name, model = _learner(parent, recipe, options)
    deployed, judged_before = _starts(store, parent, catalog, saved, recipe)
    begins = (judged_before, deployed) if name == parent.algorithm else (None, None)
    replayed, spare = _invented(data, split, seed)
    valid = split.valid if n_users(split.valid) >= FEW else spare
    learn_from = (split.train, together(data, (split.train, split.test)) if len(split.test) else split.train)
    fits = [
        fit_one(
            name, model, together(data, (part, replayed)), features, seed, watch, valid, begin, on, rules=recipe.rules
        )
        for part, begin, on in zip(learn_from, begins, ("", ALL), strict=True)
    ]
    tried, final = fits
    case = real_case(split.test, features, stream(seed, "real case"))
    before, after, lift = _compared(judged_before, tried.scorer, case, catalog, features, seed, recipe.judge.metric)
    _check_agreement(tried.scorer, final.scorer, case, catalog, features)
    used = EventCount(len(learn_from[1]), len(replayed))
    better, why = _verdict(parent, lift, after, recipe)
    judged_as = as_artifact(store, tried.scorer, catalog, recipe, saved)
    version, activated, why = _publish(store, recipe, seed, catalog, features, saved, parent, final, judged_as, after,
                                       used, better, why, watch)  # fmt: skip
    plot_training(store.root / "plots" / f"version-{version.id}-training.png", final.name, final.curve)
    return Trained(version, parent, used, before, after, lift, activated, why)


def _starts(store: Store, parent: ModelVersion, catalog: Catalog, saved: str, recipe: Recipe) -> tuple[Scorer, Scorer]:
    """The parent as it answers, and as it was judged: the latter has never learned from those who judge."""
    judged_as = replace(parent, artifact=parent.judged_artifact or parent.artifact)
    tastes = recipe.tastes.names
    return (
        load_scorer(store.artifacts, parent, catalog, saved, tastes),
        load_scorer(store.artifacts, judged_as, catalog, saved, tastes),
    )


def parent_of(conn: Any, start: str | int) -> ModelVersion:
    if start != "active" and not str(start).isdigit():
        raise QueryError(f"--from is {start!r}; give `active` or a version's number. See: tastemaker versions")
    return version_meant(conn, None if start == "active" else int(start))


def _learner(parent: ModelVersion, recipe: Recipe, options: Mapping[str, Any]) -> tuple[str, Algorithm]:
    """The algorithm of the parent, slower; the recipe's first that learns when the parent learned nothing."""
    models, _ = trainable(recipe.models)
    learning = {name: m for name, m in models.items() if "learning_rate" in {f.name for f in fields(m)}}
    if not learning:
        raise TrainingError("The recipe names no model that learns from events. Add [models.bpr] to recipe.toml.")
    name = parent.algorithm if parent.algorithm in learning else next(iter(learning))
    model = learning[name]
    names = {f.name for f in fields(model)}
    for option in options:
        if option not in names:
            hint = did_you_mean(option, names) or "."
            raise QueryError(f"{name} has no setting {option!r}{hint} It has: {', '.join(sorted(names))}.")
    if name == parent.algorithm:
        model = replace(model, learning_rate=model.learning_rate * GENTLE)  # type: ignore[attr-defined, call-arg]
    return name, replace(model, **options)


def _invented(data: Dataset, split: GroupSplit, seed: int) -> tuple[Dataset, Dataset]:
    """Invented users that are learned from again, as many as there are real ones or REPLAY, and the others."""
    invented = np.unique(data.events.user[data.events.synthetic])
    shuffled = stream(seed, "replay").permutation(invented)
    n = max(n_users(split.train), REPLAY)
    return tuple(data.where(np.isin(data.events.user, users)) for users in (shuffled[:n], shuffled[n:]))  # type: ignore[return-value]


def _compared(
    base: Scorer, tried: Scorer, case: Case | None, catalog: Catalog, features: Features, seed: int, metric: str
) -> tuple[Report | None, Report | None, Interval | None]:
    if case is None:
        return None, None, None
    reports = [judge(single(catalog, features.tastes, s), case, stream(seed, "judge real")) for s in (base, tried)]
    before, after = reports
    return before, after, paired(after.per_user[metric], before.per_user[metric], stream(seed, "lift"))


def _check_agreement(judged: Scorer, deployed: Scorer, case: Case | None, catalog: Catalog, features: Features) -> None:
    """The model that was judged and the one that will answer must order items much alike."""
    if case is None:
        return
    recommenders = [single(catalog, features.tastes, scorer) for scorer in (judged, deployed)]
    a, b = (r.score(case.queries[:200], case.items[:200]) for r in recommenders)
    each = spearman(a, b)
    agreement = float(np.nanmean(each)) if not np.isnan(each).all() else 1.0
    if agreement < AGREE:
        raise TrainingError(
            f"The model refitted on all events agrees with the judged one at only {agreement:.2f} (needed: {AGREE}), "
            "so its judgement does not hold for it. Nothing was saved. Lower --learning-rate or import more events."
        )


def _verdict(parent: ModelVersion, lift: Interval | None, after: Report | None, recipe: Recipe) -> tuple[bool, str]:
    metric = recipe.judge.metric
    n = 0 if after is None else int((~np.isnan(after.per_user[metric])).sum())
    if lift is None or n < FEW:
        return False, f"{n} held-out real users with graded ratings are too few to tell (needed: {FEW})"
    points = 100.0 * lift.mean
    said = f"{metric} {points:+.1f} points [{100 * lift.low:+.1f}, {100 * lift.high:+.1f}] on held-out users"
    if not (lift.low > 0 and points >= recipe.judge.min_lift):
        return False, f"{said}; needed: {recipe.judge.min_lift:g} and an interval above 0"
    if parent.state != "active":
        return False, f"{said}, compared with version {parent.id}, which is not the active one"
    return True, said


def _publish(
    store: Store, recipe: Recipe, seed: int, catalog: Catalog, features: Features, saved: str, parent: ModelVersion,
    final: Candidate, judged_as: str, after: Report | None, used: EventCount, better: bool, why: str,
    watch: Watch,
) -> tuple[ModelVersion, bool, str]:  # fmt: skip
    """One transaction; a catalog or an active version that changed meanwhile stays as it is."""
    artifact = as_artifact(store, final.scorer, catalog, recipe, saved)
    metrics = {} if after is None else {after.case: after.as_json()}
    new = as_version(
        final, artifact, recipe=recipe.name, seed=seed, parent=parent.id, features=features.digest,
        data=f"real:{used.real} synthetic:{used.synthetic}", metrics=metrics,
    )  # fmt: skip
    with store.begin() as conn:
        watch.settle(conn)
        keep_features(conn, catalog, saved)
        now = database.active_version(conn)
        if better and (now is None or now.id != parent.id):
            better, why = False, f"{why}; but another version became active meanwhile"
        new = replace(new, judged_artifact=judged_as, events_real=used.real, events_synthetic=used.synthetic)
        (id_,) = database.add_versions(conn, [new])
        database.record_run(conn, as_run(final, id_, used.real, used.synthetic))
        if better:
            database.activate(conn, id_, f"train: {why}")
        return database.version(conn, id_), better, why
