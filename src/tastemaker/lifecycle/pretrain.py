"""From a catalog to judged versions, with no user at all."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from .. import store as database
from ..algorithms import Algorithm, Popular, at_its_word, calibrate
from ..data.arrays import Float64
from ..data.case import Case
from ..data.catalog import Catalog
from ..data.dataset import Dataset
from ..data.features import Features
from ..errors import ArtifactError, DataError, MissingExtra
from ..evaluate import Report, judge, measure, quality
from ..features.build import QUICK, build_features
from ..kernels.threads import one_blas_thread
from ..recipe import Recipe, Rules
from ..recommender import single
from ..scorers import Scorer
from ..store import ModelVersion, NewVersion, Store
from ..store.loading import load_scorer, own_text, save_features, with_text
from ..synth.cases import user_cases
from ..watch import Watch
from .candidates import (
    Candidate,
    as_artifact,
    as_run,
    as_version,
    beginners,
    fingerprint,
    keep_features,
    learn,
    stream,
    trainable,
)
from .check import check_trainable
from .plots import plot_training
from .synthesize import Synthesized, invent, put_invented

VALID_USERS = 200  # invented for calibration and early stopping alone


@dataclass(frozen=True)
class Pretrained:
    """active: what answers now; kept: True = the version before stays active: it was better, or real users taught it.

    versions: one a candidate, in the same order; lacking: models that this machine cannot learn, with install lines
    """

    candidates: Sequence[Candidate]
    versions: Sequence[ModelVersion]
    active: ModelVersion
    kept: bool
    popular: Sequence[Report]
    users: Synthesized
    lacking: Sequence[MissingExtra]


@dataclass(frozen=True)
class Judge:
    """The same held-out users for every model."""

    catalog: Catalog
    features: Features
    cases: Sequence[Case]
    popular: Scorer
    seed: int

    def __call__(self, scorer: Scorer) -> list[Report]:
        model = single(self.catalog, self.features.tastes, scorer)
        pairs = zip(self.cases, self._baseline, strict=True)
        return [judge(model, case, stream(self.seed, f"judge {case.name}"), popular) for case, popular in pairs]

    @cached_property
    def _baseline(self) -> list[dict[str, Float64]]:
        popular = single(self.catalog, self.features.tastes, self.popular)
        return [measure(popular, case) for case in self.cases]


@one_blas_thread()
def pretrain(store: Store, recipe: Recipe, seed: int, watch: Watch, half: bool = False) -> Pretrained:
    with store.read() as conn:
        catalog = database.read_catalog(conn)
    check_trainable(catalog, recipe)
    store.artifacts.sweep()  # what killed writers left
    watch = replace(watch, folder=store.root / "cache" / "checkpoints")
    models, lacking = trainable(beginners(recipe.models))
    if not models:
        raise DataError(f"The recipe names no model that can be learned here. {lacking[0] if lacking else ''}")
    features = project_features(store, recipe, catalog, seed, watch)
    users = invent(recipe, catalog, features, seed)
    valid = invent(recipe, catalog, features, seed, VALID_USERS, purpose="valid").dataset
    learned = [
        fit_one(n, model, users.dataset, features, seed, watch, valid, rules=recipe.rules)
        for n, model in models.items()
    ]
    judge_one = _judge(recipe, catalog, features, users.dataset, seed, watch)
    judging = watch.on("judge")
    candidates = []
    judging.progress(0, len(learned))
    for done, candidate in enumerate(learned):
        candidates.append(replace(candidate, reports=judge_one(candidate.scorer)))
        judging.progress(done + 1, len(learned))
    versions, active, kept = _publish(store, recipe, seed, half, catalog, features, users, candidates, judge_one, watch)
    for candidate, version in zip(candidates, versions, strict=True):
        if candidate.curve:
            plot_training(store.root / "plots" / f"version-{version.id}-training.png", candidate.name, candidate.curve)
    return Pretrained(candidates, versions, active, kept, judge_one(judge_one.popular), users, lacking)


def project_features(
    store: Store, recipe: Recipe, catalog: Catalog, seed: int, watch: Watch, known: int | None = None
) -> Features:
    """All blocks of the recipe, and the quick one of version 0; word vectors come from the cache when they can.

    known: encoders learn from this many first items; None = from all
    """
    settings = replace(recipe.features, blocks=(*recipe.features.blocks, QUICK))
    seen = None if known is None else np.arange(len(catalog)) < known
    return build_features(catalog, settings, recipe.tastes, seed, watch.on("features"), store.cache, seen)


def features_of_version(
    store: Store, recipe: Recipe, catalog: Catalog, version: ModelVersion, watch: Watch
) -> Features:
    """Features whose text vectors have the axes that a version learned: those of items that joined later, too."""
    own = own_text(store.artifacts, version)
    known = None if own is None else len(own)
    found = project_features(store, recipe, catalog, version.seed, watch, known)
    if own is None or np.array_equal(found.block("text")[: len(own)], own):
        return found
    return with_text(found, own)  # the catalog changed so much that other words were learned


def fit_one(
    name: str, model: Algorithm, train: Dataset, features: Features, seed: int, watch: Watch, valid: Dataset,
    start: Scorer | None = None, on: str = "", *, rules: Rules,
) -> Candidate:  # fmt: skip
    """Learned, taken at its word, and calibrated on users it did not learn from."""
    resumable = start is None and not getattr(model, "patience", 0)  # what waits for validation is not kept
    key = fingerprint(model, train, features, seed) if resumable else None
    found = learn(
        name, model, watch, lambda w: model.fit(train, features, stream(seed, name), w, valid, start), key, on
    )
    alone = calibrate(found.scorer, valid, stream(seed, f"calibrate {name}"))
    whole = at_its_word(alone, features, rules.near, rules.stated, rules.whole)
    return replace(found, scorer=calibrate(whole, valid, stream(seed, f"calibrate {name}")))


def _judge(recipe: Recipe, catalog: Catalog, features: Features, train: Dataset, seed: int, watch: Watch) -> Judge:
    cases = user_cases(recipe.synth, features, recipe.judge.users, stream(seed, "judge"))
    popular = Popular().fit(train, features, stream(seed, "popular"), watch)
    return Judge(catalog, features, cases, popular, seed)


def _publish(
    store: Store, recipe: Recipe, seed: int, half: bool, catalog: Catalog, features: Features, users: Synthesized,
    candidates: Sequence[Candidate], judge_one: Judge, watch: Watch,
) -> tuple[list[ModelVersion], ModelVersion, bool]:  # fmt: skip
    """Artifacts first, then everything else in one transaction: a kill leaves the old state or the new one."""
    saved = save_features(store.artifacts, features)
    artifacts = [as_artifact(store, c.scorer, catalog, recipe, saved, half) for c in candidates]
    best = max(range(len(candidates)), key=lambda i: quality(candidates[i].reports, recipe.judge.metric))
    score = quality(candidates[best].reports, recipe.judge.metric)
    with store.read() as conn:
        before, first = database.active_version(conn), database.list_versions(conn)[:1]
    parent = first[0].id if first else None
    keep = before is not None and _stays(store, before, catalog, saved, judge_one, score, recipe)
    new = [_as_new(c, a, recipe, seed, parent, users, features) for c, a in zip(candidates, artifacts, strict=True)]
    with store.begin() as conn:
        watch.settle(conn)
        put_invented(conn, users)
        keep_features(conn, catalog, saved)
        now = database.active_version(conn)
        keep = keep or (now is not None and before is not None and now.id != before.id)  # somebody chose meanwhile
        ids = database.add_versions(conn, new)
        for candidate, id_ in zip(candidates, ids, strict=True):
            database.record_run(conn, as_run(candidate, id_, 0, len(users.dataset)))
        if not keep:
            why = f"pretrain: best of {len(new)} on held-out users, {score:.1%} of the way from random to the oracle"
            database.activate(conn, ids[best], why)
        active = database.active_version(conn)
        versions = [database.version(conn, id_) for id_ in ids]
    assert active is not None
    return versions, active, keep


def _as_new(
    candidate: Candidate, artifact: str, recipe: Recipe, seed: int, parent: int | None, users: Synthesized,
    features: Features,
) -> NewVersion:  # fmt: skip
    metrics = {report.case: report.as_json() for report in candidate.reports}
    metrics["quality"] = {"share": quality(candidate.reports, recipe.judge.metric)}
    data = f"synthetic:{users.seed}:{len(users.dataset)}"
    made = as_version(
        candidate, artifact, recipe=recipe.name, seed=seed, parent=parent, data=data, features=features.digest,
        metrics=metrics,
    )  # fmt: skip
    return replace(made, events_synthetic=len(users.dataset))


def _stays(
    store: Store, before: ModelVersion, catalog: Catalog, features: str, judge_one: Judge, score: float, recipe: Recipe
) -> bool:
    """Does the version that answers now stay? Yes when real users taught it, or when it is better."""
    if before.parent is None:
        return False  # version 0 learned nothing
    with store.read() as conn:
        taught = any(
            run.events_real for v in database.lineage(conn, before.id) for run in database.list_runs(conn, v.id)
        )
    try:
        scorer = load_scorer(store.artifacts, before, catalog, features, recipe.tastes.names)
    except ArtifactError:
        return False
    return taught or quality(judge_one(scorer), recipe.judge.metric) >= score
