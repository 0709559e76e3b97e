"""retrain: a candidate from the active version, judged beside it, then activated, tried out, proposed or rejected."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .. import store as database
from ..algorithms import Algorithm
from ..errors import DataError, TrainingError
from ..recipe import Recipe
from ..store import ModelVersion, Store
from ..store.experiments import running
from ..store.quality import events_now
from ..watch import Watch
from .around import best_around, gone_on
from .concluding import try_out
from .few_choices import taught_by_few
from .learn_events import Learned, deploy, event_models, learn_from_events, verdict
from .meant import version_meant
from .publishing import publish
from .train import train

Json = dict[str, Any]


@dataclass(frozen=True)
class Retrained:
    """what: activated, experiment, proposed, rejected or skipped; reason: a sentence; version: None when skipped

    settings: whose it learned with
    """

    what: str
    reason: str
    version: int | None = None
    parent: int | None = None
    lift: Json | None = None
    settings: str = ""

    @property
    def better(self) -> bool:
        return self.what in ("activated", "experiment", "proposed")


def retrain(
    store: Store, recipe: Recipe, reason: str, seed: int, watch: Watch, *, search: int = 0, now: int | None = None
) -> Retrained:
    """One round, and its record. search: settings tried around the present ones first; now: see `store.moment`."""
    with store.read() as conn:
        parent, read = version_meant(conn), events_now(conn)
    try:
        done = _round(store, recipe, parent, reason, seed, watch, search, now)
    except (DataError, TrainingError) as error:
        done = Retrained("skipped", str(error), None, parent.id)
    kept = {**read, "parent": parent.id, "because": reason, "lift": done.lift}
    kept["settings"] = done.settings
    with store.begin() as conn:
        what = "retrained" if done.better else "rejected"
        said = done.reason if done.what == what else f"{done.what}: {done.reason}"
        database.record_decision(conn, what, said, now, done.version, kept)
    return done


def _round(
    store: Store, recipe: Recipe, parent: ModelVersion, reason: str, seed: int, watch: Watch, search: int,
    now: int | None,
) -> Retrained:  # fmt: skip
    models = event_models(recipe)
    if not models:
        return _fine_tuned(store, recipe, parent, seed, watch)
    few = taught_by_few(store, recipe, models, parent, seed, watch, now)
    if few is not None:
        return Retrained("activated" if few[0].state == "active" else "rejected", few[1], few[0].id, parent.id)
    mine, whose = gone_on(models, parent)
    if search:
        whose = f"the best of {search} around {whose}"
        mine = _searched(store, recipe, mine, search, seed, watch)
    lesson = learn_from_events(store, recipe, mine, parent, seed, watch, now)
    best = lesson.learned[0]
    better, why = verdict(lesson, best, recipe)
    best = deploy(store, lesson, best, watch) if better else best
    (version,) = publish(store, recipe, lesson, [best], reason, now, watch)
    what, why = _decided(store, recipe, version, parent, better, why, now)
    if what == "experiment":
        try_out(store, recipe, parent, version, lesson.later.metric, why, seed, now)
    return Retrained(what, why, version.id, parent.id, _lift(best), whose)


def _searched(
    store: Store, recipe: Recipe, models: Mapping[str, Algorithm], search: int, seed: int, watch: Watch
) -> dict[str, Algorithm]:
    """The first of the models, with the best settings around its present ones."""
    name, model = next(iter(models.items()))
    return {**models, name: best_around(store, recipe, name, model, search, seed, watch)}


def _decided(
    store: Store, recipe: Recipe, version: ModelVersion, parent: ModelVersion, better: bool, why: str, now: int | None
) -> tuple[str, str]:
    """One transaction: what becomes of a candidate, by the recipe's policy."""
    with store.begin() as conn:
        active = database.active_version(conn)
        if better and (active is None or active.id != parent.id):
            better, why = False, f"{why}; but another version became active meanwhile"
        if not better:
            database.set_state(conn, version.id, "rejected")
            return "rejected", why
        if recipe.retrain.policy == "activate":
            database.activate(conn, version.id, f"retrain: {why}", now)
            return "activated", why
        if recipe.retrain.policy == "experiment" and running(conn) is None:
            return "experiment", why
        return "proposed", f"{why}. To use it: tastemaker activate {version.id}"


def _fine_tuned(store: Store, recipe: Recipe, parent: ModelVersion, seed: int, watch: Watch) -> Retrained:
    """Models that learn tastes go on from the active version; `train` judges and activates them."""
    found = train(store, recipe, "active", seed, watch, {})
    lift = None if found.lift is None else vars(found.lift)
    return Retrained("activated" if found.activated else "rejected", found.why, found.version.id, parent.id, lift)


def _lift(best: Learned) -> Json | None:
    return None if best.lift is None else {"mean": best.lift.mean, "low": best.lift.low, "high": best.lift.high}
