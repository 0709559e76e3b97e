"""Learning from what real users did: judged on what came later, then learned again from all of it, as it was judged."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from time import time
from typing import Any

import numpy as np

from .. import store as database
from ..algorithms import Algorithm, asked_as_well
from ..algorithms.parts import settings_of, with_settings
from ..data.catalog import Catalog
from ..data.dataset import Dataset
from ..data.features import Features
from ..data.known import known_before
from ..data.nearest import did_you_mean
from ..errors import ArtifactError, DataError, MissingExtra, QueryError, TrainingError
from ..evaluate import RankingReport
from ..kernels.threads import one_blas_thread
from ..metrics import Interval
from ..recipe import Recipe
from ..scorers import Scorer
from ..store import ModelVersion, Store
from ..store.loading import load_scorer, save_features
from ..watch import Watch
from .candidates import ALL, Candidate, fingerprint, learn, sharing, stream, trainable
from .few_choices import learnable
from .guards import Health, broken, contradicted, health, lost
from .later import FEW_USERS, Judged, Later, next_part
from .pretrain import features_of_version

Json = dict[str, Any]
AGREE = 0.5  # rank correlation between judged and deployed model, below which nothing is deployed
FEW_DAYS = 10  # fewer days of users than this say nothing of other days, where moments are judged
SAMPLE = 200  # moments on which they are compared


@dataclass(frozen=True)
class Learned:
    """A model judged as it learned from the earlier part, and deployed as it learned from all.

    lift: over the version that answers now, None where that cannot be judged; broken: guards that it would break
    deployed: None until `deploy`, which only what may answer is worth
    """

    name: str
    judged: Candidate
    report: Judged
    lift: Interval | None
    health: Health
    broken: Sequence[str] = ()
    deployed: Candidate | None = None

    @property
    def final(self) -> Candidate:
        """What would answer: whoever was not worth deploying, as it was judged."""
        return self.judged if self.deployed is None else self.deployed

    @property
    def seconds(self) -> float:
        return self.judged.seconds + (0.0 if self.deployed is None else self.deployed.seconds)


@dataclass(frozen=True)
class Lesson:
    """What a round of learning found; nothing of it is saved yet.

    base: the active version's report on the same outcomes, None when it cannot be asked; learned: the best first
    failed: model -> why it learned nothing, while others did
    damaged: the active version cannot be read at all, so whatever can answer is better
    asked: what a stated taste counts beside what is learned
    """

    parent: ModelVersion
    later: Later
    base: Judged | None
    base_health: Health | None
    learned: Sequence[Learned]
    catalog: Catalog
    features: Features
    saved: str
    seed: int
    asked: float
    failed: Mapping[str, str] = field(default_factory=dict)
    damaged: bool = False


def event_models(recipe: Recipe) -> dict[str, Algorithm]:
    """The recipe's models that learn from what real users did, and can do so on this machine."""
    models, _ = trainable(recipe.models)
    return {name: model for name, model in models.items() if model.learns == "events"}


def left_out(recipe: Recipe) -> dict[str, MissingExtra]:
    """The recipe's other models that learn from what real users did, and what each lacks here."""
    asked = {name: model for name, model in recipe.models.items() if model.learns == "events"}
    return {name: missing for name, model in asked.items() for missing in trainable({name: model})[1]}


@one_blas_thread()
def learn_from_events(
    store: Store, recipe: Recipe, models: Mapping[str, Algorithm], parent: ModelVersion, seed: int, watch: Watch,
    now: int | None = None, invented: bool = False,
) -> Lesson:  # fmt: skip
    """Learn every model, and judge each beside the parent; what may answer then has to be deployed.

    invented: from invented users, too, for want of enough real ones
    """
    now = int(time()) if now is None else now
    with watch.step("read events"), store.read() as conn:
        catalog = database.kept_catalog(conn)
        names, scales = recipe.tastes.names, recipe.scales
        data = database.read_dataset(conn, catalog, names, scales) if invented else learnable(conn, recipe, catalog)
    watch = kept(store, watch)
    later = next_part(data, recipe, parent, now)
    features = features_of_version(store, recipe, catalog, parent, watch)
    saved = save_features(store.artifacts, features)
    base, base_health = _judged_parent(store, parent, catalog, saved, recipe, later, seed)
    found, failed = _all_learned(models, later, features, seed, watch, recipe.rules.asked)
    compared = [_compared(one, base, base_health, later, recipe, parent, seed) for one in found]
    ranked = sorted(compared, key=lambda one: -_goodness(later, one.report))
    damaged = base is None and _damaged(store, parent)
    return Lesson(
        parent, later, base, base_health, ranked, catalog, features, saved, seed, recipe.rules.asked, failed, damaged
    )


def kept(store: Store, watch: Watch) -> Watch:
    """The same, with the folder in which a training that is killed finds what it had done."""
    return replace(watch, folder=store.root / "cache" / "checkpoints")


@one_blas_thread()
def deploy(store: Store, lesson: Lesson, one: Learned, watch: Watch, train: Dataset | None = None) -> Learned:
    """Learn it again, with the same settings, from everything; TrainingError if it then orders items otherwise.

    train: everything, where it is at hand
    """
    later, model = lesson.later, one.judged.algorithm
    train = later.data.where(later.deploy) if train is None else train
    deployed = _fit(one.name, model, train, lesson.features, lesson.seed, kept(store, watch), lesson.asked, ALL)
    _check_agreement(one.name, one.judged.scorer, deployed.scorer, later)
    return replace(one, deployed=deployed)


def _all_learned(
    models: Mapping[str, Algorithm], later: Later, features: Features, seed: int, watch: Watch, asked: float
) -> tuple[list[Learned], dict[str, str]]:
    """What can learn from these events, and why others cannot; what the first of them said, where none can."""
    found, failed = list[Learned](), dict[str, str]()
    train, made = later.data.where(later.learn), dict[str, Scorer]()
    watch = sharing(watch, train, made)
    for name, model in models.items():
        try:
            found.append(_learned(name, model, train, later, features, seed, watch, asked))
            made[repr(model)] = found[-1].judged.scorer
        except (DataError, TrainingError) as error:
            failed[name] = str(error)
            if len(failed) == len(models):
                raise
    return found, failed


def _damaged(store: Store, parent: ModelVersion) -> bool:
    try:
        store.artifacts.files(parent.artifact, parent.id)
    except ArtifactError:
        return True
    return False


def _goodness(later: Later, report: Judged) -> float:
    value = later.value(report)
    return -value if later.named in ("rmse", "log loss") else value


def _judged_parent(
    store: Store, parent: ModelVersion, catalog: Catalog, saved: str, recipe: Recipe, later: Later, seed: int
) -> tuple[Judged | None, Health | None]:
    """The parent on the judged part, by the artifact that has not learned from it; None when it cannot be had."""
    knew = parent.events_real or (parent.events_synthetic and bool(later.data.events.synthetic.any()))
    fresh = not knew or (later.dated and parent.data_to is not None and parent.data_to < later.begins)
    version = parent if fresh else replace(parent, artifact=parent.judged_artifact or parent.artifact)
    try:
        scorer = load_scorer(store.artifacts, version, catalog, saved, recipe.tastes.names)
    except ArtifactError:
        return None, None
    report = later.judge(scorer, seed)
    return report, health(scorer, later, report)


def _learned(
    name: str, model: Algorithm, train: Dataset, later: Later, features: Features, seed: int, watch: Watch,
    asked: float,
) -> Learned:  # fmt: skip
    judged = _fit(name, model, train, features, seed, watch, asked)
    watch = watch.on(f"judge {name}")
    watch.progress(0, 1)
    report = later.judge(judged.scorer, seed)
    watch.progress(1, 1, **{later.named.replace(" ", "_"): later.value(report)})
    return Learned(name, judged, report, None, health(judged.scorer, later, report))


def _fit(
    name: str, model: Algorithm, train: Dataset, features: Features, seed: int, watch: Watch, asked: float,
    on: str = "",
) -> Candidate:  # fmt: skip
    key = fingerprint(model, train, features, seed)
    found = learn(name, model, watch, lambda stage: model.fit(train, features, stream(seed, name), stage), key, on)
    return replace(found, scorer=asked_as_well(found.scorer, features, asked))


def _check_agreement(name: str, judged: Scorer, deployed: Scorer, later: Later) -> None:
    """The model that was judged and the one that will answer must order the judged items much alike."""
    from scipy.stats import spearmanr

    chosen = later.asked[np.linspace(0, len(later.asked) - 1, min(SAMPLE, len(later.asked))).astype(int)]
    items = np.unique(later.data.events.item[later.asked])[:SAMPLE]
    _, batch = next(iter(known_before(later.data, chosen, repeats=later.kinds is not None)))
    a, b = (scorer.score(batch, items).ravel() for scorer in (judged, deployed))
    both = ~np.isnan(a) & ~np.isnan(b)
    if both.sum() < 2 or np.ptp(a[both]) == 0 or np.ptp(b[both]) == 0:
        return
    agreement = float(spearmanr(a[both], b[both]).statistic)
    if agreement < AGREE:
        raise TrainingError(
            f"{name} learned from all events agrees with the judged one at only {agreement:.2f} (needed: {AGREE}), so "
            "its judgement does not hold for it. Nothing was saved. Import more events, or regularize it more."
        )


def _compared(
    one: Learned, base: Judged | None, base_health: Health | None, later: Later, recipe: Recipe, parent: ModelVersion,
    seed: int,
) -> Learned:  # fmt: skip
    """With its lift over the parent, and the guards it breaks; a parent that met no real user sets no standard."""
    lift = None if base is None else later.lift(one.report, base, seed)
    if base is None or base_health is None or not parent.events_real:
        return replace(one, lift=lift)
    guards = recipe.retrain.guards
    wrong = [*broken(one.health, base_health, guards), *lost(one.report, base, guards, stream(seed, "segments"))]
    return replace(one, lift=lift, broken=wrong)


def verdict(lesson: Lesson, one: Learned, recipe: Recipe) -> tuple[bool, str]:
    """May it replace the parent without a person? And why (not), in a sentence."""
    name, asked = lesson.later.named, recipe.retrain
    on = f"on {len(lesson.later.asked)} {'later' if lesson.later.dated else 'held-out'} events"
    if one.lift is None or lesson.base is None:
        alone = f"{name} {lesson.later.value(one.report):.4f} {on}"
        if lesson.damaged:
            return True, f"{alone}; version {lesson.parent.id} cannot be read"
        return False, f"{alone}; version {lesson.parent.id} cannot be compared with it"
    units, needed, called = _units(lesson.later, one.report)
    if units < needed:
        return False, f"{units} {called} are too few to tell (needed: {needed})"
    unit, factor = asked.unit, 100.0
    if unit == "percent":
        factor = 100.0 / max(abs(lesson.later.value(lesson.base)), 1e-12)
    gained, low, high = (factor * x for x in (one.lift.mean, one.lift.low, one.lift.high))
    word = "better" if gained >= 0 else "worse"
    called = "hundredths" if unit == "points" and name in ("log loss", "rmse") else unit
    said = f"{name} {word} by {abs(gained):.2f} {called} [{low:+.2f}, {high:+.2f}] {on}"
    if not low > 0 or gained < asked.min_lift:
        return False, f"{said}; needed: {asked.min_lift:g} and an interval above 0"
    wrong = contradicted(lesson.base, lesson.parent, asked.guards)
    but = [*([wrong] if wrong else []), *one.broken]
    return not but, f"{said}; but {'; '.join(but)}" if but else said


def _units(later: Later, report: Judged) -> tuple[int, int, str]:
    """What intervals are drawn over, how many of them tell something, and what they are called."""
    if later.kinds is not None and report.n_users < FEW_USERS and isinstance(report, RankingReport):
        return len(report.per_user["ndcg"]), FEW_DAYS, "days of users"
    return report.n_users, FEW_USERS, "users"


def chosen_models(recipe: Recipe, names: Sequence[str], options: Mapping[str, Any]) -> dict[str, Algorithm]:
    """The models asked for, () = all, with these settings instead of their own; QueryError for what nobody knows."""
    models, lacking = event_models(recipe), left_out(recipe)
    for name in names if models else lacking:
        if name in lacking:
            raise lacking[name]
        if name not in models:
            hint = did_you_mean(name, models) or "."
            raise QueryError(
                f"{name!r} is no model of this recipe that learns from events{hint} It has: {', '.join(models)}."
            )
    chosen = {name: model for name, model in models.items() if name in (names or models)}
    for option in options:
        if not any(option in settings_of(model) for model in chosen.values()):
            others = "".join(f" {name}: {missing}" for name, missing in lacking.items() if not names)
            raise QueryError(f"None of {', '.join(chosen)} has a setting {option!r}.{others}")
    return {name: with_settings(model, options) for name, model in chosen.items()}
