"""train, where a recipe's models learn from events: every one is judged, and the best may replace what answers now."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from .. import store as database
from ..data.dataset import Dataset
from ..errors import TrainingError
from ..recipe import Recipe
from ..scorers import Scorer
from ..store import ModelVersion, Store
from ..store.quality import events_now
from ..watch import Watch
from .candidates import sharing
from .few_choices import learnable, taught_by_few
from .invented_listeners import invent_listeners
from .later import judgeable
from .learn_events import (
    Learned,
    Lesson,
    chosen_models,
    deploy,
    learn_from_events,
    left_out,
    verdict,
)
from .publishing import publish
from .train import parent_of
from .under_way import Asked, under_way


@dataclass(frozen=True)
class Taught:
    """versions: one for each of lesson.learned, in that order; activated: does the first answer now, and why (not)"""

    lesson: Lesson
    versions: Sequence[ModelVersion]
    activated: bool
    why: str


@dataclass(frozen=True)
class TaughtFew:
    """A version that learned from too few choices to be judged, and why it is active all the same, or is not."""

    version: ModelVersion
    why: str


def teach(
    store: Store, recipe: Recipe, names: Sequence[str], start: str | int, seed: int, watch: Watch,
    options: Mapping[str, Any],
) -> "Taught | TaughtFew":  # fmt: skip
    """All the models, or those named; the best is activated when it is surely better and breaks no guard."""
    with store.read() as conn:
        parent, read = parent_of(conn, start), events_now(conn)
    models = chosen_models(recipe, names, options)
    if not models:
        raise TrainingError("The recipe names no model that learns from events. Add [models.ials] to recipe.toml.")
    few = taught_by_few(store, recipe, models, parent, seed, watch, None)
    if few is not None:
        return TaughtFew(*few)
    with watch.step("read events"), store.read() as conn:
        real = learnable(conn, recipe, database.kept_catalog(conn))
    invented = _too_few(real, recipe, parent)
    if invented:
        invent_listeners(store, recipe, seed, watch)
    with under_way(store, Asked(start, seed, options, tuple(names))):
        lesson = learn_from_events(store, recipe, models, parent, seed, watch, invented=invented)
        lacking = {} if names else {name: str(missing) for name, missing in left_out(recipe).items()}
        lesson = _deployed(store, replace(lesson, failed={**lacking, **lesson.failed}), list(models), watch)
        versions = publish(store, recipe, lesson, lesson.learned, "train", None, watch)
    better, why = verdict(lesson, lesson.learned[0], recipe)
    too = f" and {len(real)} real events" if len(real) else ""
    why = f"learned from invented users{too} until there are enough real ones, {why}" if invented else why
    activated, why = _settled(store, versions[0], parent, better, why, read)
    return Taught(lesson, versions, activated, why)


def _too_few(real: Dataset, recipe: Recipe, parent: ModelVersion) -> bool:
    """Must listeners be invented beside those who are real, or instead of them?"""
    if not len(real):
        return True
    taught = parent.events_real and not parent.events_synthetic
    settled = taught or recipe.invents or bool(recipe.context) or real.events.synthetic.any()
    return not (settled or judgeable(real, recipe))


def _deployed(store: Store, lesson: Lesson, order: Sequence[str], watch: Watch) -> Lesson:
    """All of them learned again from everything; without those that then order items otherwise, while others do not.

    order: names, those first that others are made of
    """
    deployed, failed = dict[str, Learned](), dict(lesson.failed)
    train, made = lesson.later.data.where(lesson.later.deploy), dict[str, Scorer]()
    watch = sharing(watch, train, made)
    for one in sorted(lesson.learned, key=lambda one: order.index(one.name)):
        try:
            deployed[one.name] = deploy(store, lesson, one, watch, train)
            made[repr(one.judged.algorithm)] = deployed[one.name].final.scorer
        except TrainingError as error:
            failed[one.name] = str(error)
            if not deployed and set(order) <= set(failed):
                raise
    learned = [deployed[one.name] for one in lesson.learned if one.name in deployed]
    return replace(lesson, learned=learned, failed=failed)


def _settled(
    store: Store, best: ModelVersion, parent: ModelVersion, better: bool, why: str, read: Mapping[str, int]
) -> tuple[bool, str]:
    """Activate the best if it is better, and nobody chose another one meanwhile; the decision is kept either way.

    read: `events_now` of before it learned
    """
    with store.begin() as conn:
        active = database.active_version(conn)
        if better and database.get_meta(conn, database.REHEARSAL):
            better, why = False, f"{why}; with real data it would be active, a rehearsal never is"
        if better and (active is None or active.id != parent.id):
            better, why = False, f"{why}, compared with version {parent.id}, which is not the active one"
        detail = {**read, "parent": parent.id}
        database.record_decision(
            conn, "trained", f"{'better' if better else 'kept aside'}: {why}", None, best.id, detail
        )
        if better:
            database.activate(conn, best.id, f"train: {why}")
    return better, why
