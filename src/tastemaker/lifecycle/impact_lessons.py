"""What learning from unexpected outcomes changes: models learned with, without and more from them, judged later."""

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np

from ..algorithms import Algorithm
from ..data.arrays import Bool, Int64
from ..data.dataset import Dataset
from ..data.events import Events
from ..data.features import Features
from ..data.vocab import Vocab
from ..errors import ArtifactError
from ..evaluate import Foretold, OutcomeReport, better_by, unit_of
from ..metrics import Interval
from ..monitor import DAY
from ..recipe import Recipe
from ..store import ModelVersion, Store
from ..store.loading import load_scorer, save_features
from ..watch import Watch
from .candidates import stream
from .later import FEW, Judged, Later
from .learn_events import event_models

WEIGHT = 3  # times that an unexpected outcome counts where it is weighted
NAMES = ("no retraining", "without them", "with them", f"with them, each {WEIGHT} times")


@dataclass(frozen=True)
class Scenario:
    """A model that learned otherwise, judged on what came later.

    value: of the metric; accuracy: of likes, NaN where rankings are judged
    lift:  by how much it is better than the one that learned without them, None for that one itself; there: the same on
    later outcomes of the items that were unexpected
    """

    name: str
    value: float
    accuracy: float
    lift: Interval | None = None
    there: Interval | None = None


@dataclass(frozen=True)
class Influence:
    """What learning from one item's unexpected outcomes changes: a model without just these was learned.

    n: those outcomes; lift: better by, on all that came later; later: outcomes of the item among that; there: better
    by, on them
    """

    item: str
    title: str
    n: int
    lift: Interval
    later: int
    there: Interval | None


@dataclass(frozen=True)
class Lessons:
    """why: where nothing was learned, the reason; n: unexpected outcomes learned from; later: events judged by

    begins: UTC seconds, the first of those; metric: by which models are compared
    """

    why: str = ""
    model: str = ""
    n: int = 0
    later: int = 0
    begins: int = 0
    metric: str = ""
    scenarios: Sequence[Scenario] = ()
    influence: Sequence[Influence] = ()


@dataclass(frozen=True)
class _Bench:
    """Learns from a part of the earlier events, and judges on the later ones."""

    model: Algorithm
    name: str
    later: Later
    features: Features
    seed: int
    watch: Watch

    def __call__(self, train: Dataset, stage: str) -> Judged:
        rng = stream(self.seed, self.name)  # the same chance for every model
        scorer = self.model.fit(train, self.features, rng, self.watch.on(stage))
        return self.later.judge(scorer, self.seed)

    def compared(self, name: str, judged: Judged, base: Judged, items: Bool) -> Scenario:
        lift = self.later.lift(judged, base, self.seed)
        return Scenario(name, self.later.value(judged), _accuracy(judged), lift, self.on(judged, base, items))

    def on(self, judged: Judged, base: Judged, items: Bool) -> Interval | None:
        """Better by, on the outcomes of these items; None where there are too few, or rankings are judged."""
        if not (isinstance(judged, OutcomeReport) and isinstance(base, OutcomeReport) and self.later.metric):
            return None
        mine = items[judged.foretold.item]
        if mine.sum() < FEW:
            return None
        a, b = (_cut(report.foretold, mine) for report in (judged, base))
        return better_by(self.later.metric, a, b, stream(self.seed, "there"), unit_of(self.later.data))


def lessons(
    store: Store, recipe: Recipe, version: ModelVersion, begins: int, surprising: Int64, data: Dataset,
    features: Features, items: int, seed: int, watch: Watch,
) -> Lessons:  # fmt: skip
    """Surprising events, positions in data, from before `begins` are learned from in different ways; the rest judges.

    items: of how many items the influence is looked at; each takes a training.
    """
    later, models = _later(data, recipe, begins), event_models(recipe)
    flagged = np.zeros(len(data), bool)
    flagged[surprising] = True
    flagged &= later.learn
    if not models:
        return Lessons("The recipe names no model that learns from events, so nothing was learned from them.")
    if not flagged.any() or len(later.asked) < FEW:
        why = f"Nothing unexpected happened before the later half of the outcomes of version {version.id}"
        return Lessons(f"{why}, so there is nothing to learn from it yet.")
    name = version.algorithm if version.algorithm in models else next(iter(models))
    bench = _Bench(models[name], name, later, features, seed, watch)
    concerned = np.zeros(len(data.catalog), bool)
    concerned[data.events.item[flagged]] = True
    base = bench(data.where(later.learn & ~flagged), "learn without them")
    if isinstance(base, OutcomeReport) and base.silent > 0.5:  # a model that ranks, and foretells nothing
        later = replace(later, metric=None)
        bench = replace(bench, later=later)
        base = bench(data.where(later.learn & ~flagged), "learn without them")
    whole = bench(data.where(later.learn), "learn with them")
    weighted = bench(_weighted(data.where(later.learn), flagged[later.learn]), "learn with them weighted")
    scenarios = [Scenario(NAMES[1], later.value(base), _accuracy(base))]
    scenarios += [bench.compared(*pair, base, concerned) for pair in zip(NAMES[2:], (whole, weighted), strict=True)]
    present = _present(store, version, features, recipe, later, seed)
    if present is not None:
        scenarios.insert(0, bench.compared(NAMES[0], present, base, concerned))
    most = np.argsort(-np.bincount(data.events.item[flagged], minlength=len(data.catalog)), kind="stable")[:items]
    influence = [_influence(bench, data, int(item), flagged, whole) for item in most if concerned[item]]
    return Lessons("", name, int(flagged.sum()), len(later.asked), begins, later.named, scenarios, influence)


def _later(data: Dataset, recipe: Recipe, begins: int) -> Later:
    time, liked = data.events.time, data.liked()
    days = recipe.retrain.train_window_days
    first = begins - days * DAY if days else int(time.min())
    learn = (time >= first) & (time < begins)
    metric = recipe.quality.metric if 0.0 < float(liked.mean()) < 1.0 else None
    protocol = "learned from what came before the later half of the outcomes, judged on that half"
    return Later(data, learn, learn, np.flatnonzero(time >= begins), begins, metric, protocol)


def _weighted(data: Dataset, flagged: Bool) -> Dataset:
    """The same, and every user WEIGHT - 1 times again who did nothing but what was unexpected.

    Most models take the latest grade of a pair, so an event that is there twice would count once.
    """
    e, n = data.events, len(data.users)
    again = [e]
    for copy in range(1, WEIGHT):
        part = e.where(flagged)
        again.append(replace(part, user=(part.user + copy * n).astype(np.int32)))
    ids = tuple(f"{id_}\0again {copy}" for copy in range(1, WEIGHT) for id_ in data.users.ids)
    profiles = np.vstack([data.profiles] * WEIGHT)
    return replace(data, events=_stacked(again), users=Vocab((*data.users.ids, *ids)), profiles=profiles)


def _stacked(parts: Sequence[Events]) -> Events:
    names = [name for name in vars(parts[0]) if name != "context"]
    columns: dict[str, Any] = {name: np.concatenate([getattr(part, name) for part in parts]) for name in names}
    context = {name: np.concatenate([part.context[name] for part in parts]) for name in parts[0].context}
    return Events(**columns, context=context)


def _present(
    store: Store, version: ModelVersion, features: Features, recipe: Recipe, later: Later, seed: int
) -> Judged | None:
    """The version as it is; None where it cannot be had."""
    try:
        saved = save_features(store.artifacts, features)
        scorer = load_scorer(store.artifacts, version, later.data.catalog, saved, recipe.tastes.names)
    except ArtifactError:
        return None
    return later.judge(scorer, seed)


def _cut(found: Foretold, mask: Bool) -> Foretold:
    return Foretold(**{f.name: getattr(found, f.name)[mask] for f in fields(found)})


def _accuracy(judged: Judged) -> float:
    return judged.metrics["accuracy"].mean if isinstance(judged, OutcomeReport) else float("nan")


def _influence(bench: _Bench, data: Dataset, item: int, flagged: Bool, whole: Judged) -> Influence:
    """Leave its unexpected outcomes out, learn again, and look at what is lost: an exact answer, not an estimate."""
    mine, alone = flagged & (data.events.item == item), np.arange(len(data.catalog)) == item
    title = data.catalog.titles[item]
    left = bench(data.where(bench.later.learn & ~mine), f"leave out {title}")
    later = int((data.events.item[bench.later.asked] == item).sum())
    lift = bench.later.lift(whole, left, bench.seed)
    return Influence(data.catalog.items.ids[item], title, int(mine.sum()), lift, later, bench.on(whole, left, alone))
