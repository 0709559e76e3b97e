"""From what was learned and judged to versions in the database: artifacts first, then one transaction."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from .. import store as database
from ..data.arrays import Bool
from ..recipe import Recipe
from ..store import ModelVersion, NewVersion, Store
from ..watch import Watch
from .candidates import Candidate, as_artifact, as_run, as_version, fingerprint, keep_features
from .few_choices import parts_of
from .learn_events import Learned, Lesson
from .plots import plot_training
from .under_way import drop

Json = dict[str, Any]


def publish(
    store: Store, recipe: Recipe, lesson: Lesson, chosen: Sequence[Learned], reason: str, now: int | None, watch: Watch
) -> list[ModelVersion]:
    """Versions of these models, as candidates; artifacts first, then one transaction. Cancelled: there are none."""

    def saved(learned: Candidate) -> str:
        return as_artifact(store, learned.scorer, lesson.catalog, recipe, lesson.saved, learned=learned)

    new = [_as_new(recipe, lesson, one, saved(one.final), saved(one.judged), reason, now) for one in chosen]
    with store.begin() as conn:
        watch.settle(conn)
        keep_features(conn, lesson.catalog, lesson.saved)
        ids = database.add_versions(conn, new)
        for id_, one in zip(ids, chosen, strict=True):
            known = parts_of(lesson.later.data, _learned_from(lesson, one))
            database.record_run(conn, as_run(one.final, id_, *known))
        versions = [database.version(conn, id_) for id_ in ids]
    for one, id_ in zip(chosen, ids, strict=True):
        if one.deployed is not None:
            drop(store, one.judged.checkpoints)  # a version keeps those of what answers
        if one.final.curve:
            plot_training(store.root / "plots" / f"version-{id_}-training.png", one.name, one.final.curve)
    return versions


def _learned_from(lesson: Lesson, one: Learned) -> Bool:
    return lesson.later.learn if one.deployed is None else lesson.later.deploy


def _as_new(
    recipe: Recipe, lesson: Lesson, one: Learned, artifact: str, judged: str, reason: str, now: int | None
) -> NewVersion:
    later, report, mask = lesson.later, one.report.as_json(), _learned_from(lesson, one)
    lift = None if one.lift is None else {"mean": one.lift.mean, "low": one.lift.low, "high": one.lift.high}
    metrics: Json = {"later": report, "lift": lift, "over": lesson.parent.id, "health": one.health.as_json()}
    metrics |= {"checkpoints": one.final.checkpoints} if one.final.checkpoints else {}
    metrics |= {"recipe": repr(recipe.models.get(one.name))}  # whether it says the same still: `around.gone_on`
    metrics |= {"metric": later.named, "protocol": later.protocol, "begins": later.begins}
    time_, (real, invented) = later.data.events.time[mask], parts_of(later.data, mask)
    first, last = (int(time_.min()), int(time_.max())) if later.dated else (None, None)
    made = as_version(
        one.final, artifact, recipe=recipe.name, seed=lesson.seed, parent=lesson.parent.id,
        data=fingerprint(one.final.algorithm, later.data.where(mask), lesson.features, lesson.seed),
        features=lesson.features.digest, metrics=metrics,
    )  # fmt: skip
    return replace(
        made, judged_artifact=judged, created_at=database.moment(now), data_from=first, data_to=last,
        events_real=real, events_synthetic=invented, reason=reason,
    )  # fmt: skip
