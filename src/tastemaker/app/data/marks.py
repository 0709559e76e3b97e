"""What tells that something changed, so that pages read anew what they keep, and nothing else."""

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from ...store import Store, active_version
from ...store.tables import (
    ab_tests,
    activations,
    decisions,
    hp_tuning_history,
    imports,
    jobs,
    meta,
    model_versions,
    recommendation_quality,
    training_runs,
)

Mark = tuple[Any, ...]
OPENS = ("catalog", "features", "recipe", "texts")  # what `Answers.open` reads of the project's meta
NUMBERED = (activations, decisions, jobs, model_versions, recommendation_quality, training_runs)
COUNTED = (ab_tests, hp_tuning_history, imports)


@dataclass(frozen=True)
class Marks:
    """
    answers: other lists would be shown
    people:  other users can be chosen
    ordered: whatever somebody ordered by hand or by cron: an import, a tick, a training, an experiment, a forgetting
    """

    active: int | None
    answers: Mark
    people: Mark
    ordered: Mark


def marks_of(store: Store) -> Marks:
    """Cheap: highest numbers and small tables; what users do meanwhile moves none of them."""
    with store.read() as conn:
        version = active_version(conn)
        said = {key: hash(text) for key, text in conn.execute(sa.select(meta.c.key, sa.cast(meta.c.value, sa.Text)))}
        last = [conn.scalar(sa.select(sa.func.max(table.c.id))) for table in NUMBERED]
        n = [conn.scalar(sa.select(sa.func.count()).select_from(table)) for table in COUNTED]
        ended = conn.scalar(sa.select(sa.func.max(ab_tests.c.ended_at)))
    active = None if version is None else version.id
    forgotten, read = said.get("forgotten"), n[COUNTED.index(imports)]
    return Marks(
        active,
        (active, None if version is None else version.artifact, *map(said.get, OPENS)),
        (forgotten, read),
        (active, *sorted(said.items()), *last, *n, ended),
    )
