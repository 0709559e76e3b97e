"""Versions judged on slates that another one showed."""

from dataclasses import replace

import numpy as np
import pytest
import sqlalchemy as sa

from tastemaker.data.query import Query
from tastemaker.errors import DataError
from tastemaker.experiment import estimate
from tastemaker.lifecycle import Project
from tastemaker.scorers import Popularity
from tastemaker.store import NewVersion, add_versions, put_slate
from tastemaker.store.tables import recommendation_quality, slates

from .made import record


def shown(
    project: Project, n: int, explore: float, seed: int = 0, first: int = 0, chance: float | None = None,
    among: int | None = None,
) -> set[str]:  # fmt: skip
    """n slates of five from the active version, explored; users like some items, or, by this chance, anything."""
    rng, answers = np.random.default_rng(seed), project.answers
    recommender = replace(answers.recommender, explore=explore)
    ids, rows = answers.catalog.items.ids, []
    some = None if among is None else ids[:among]
    queries = [
        Query(user=f"u{first + k}", likes=(ids[int(rng.integers(len(ids)))],), n=5, candidates=some) for k in range(n)
    ]
    found = recommender.recommend(queries, explain=False, explore_rng=rng)
    with project.store.begin() as conn:
        for k, (query, slate) in enumerate(zip(queries, found, strict=True)):
            number = put_slate(conn, query, slate, at=1000 + first + k)
            for rank, item in enumerate(slate.items, 1):
                good = bool(sum(map(ord, item)) % 3 == 0 if chance is None else rng.random() < chance)
                rows.append({"user": query.user, "version": 2, "slate": number, "rank_shown": rank, "liked": good})
        record(conn, rows)
    return {i for i in ids if sum(map(ord, i)) % 3 == 0}


def test_the_log_judges_the_version_that_made_it_and_another(taught: Project) -> None:
    liked = shown(taught, 900, explore=0.9)
    same = estimate(taught.store, 2)
    assert same.snips.support.low < 1.0 < same.snips.support.high
    recommender = taught.answers.recommender
    with taught.store.read() as conn:
        queries = [
            Query(**{**row.query, "likes": tuple(row.query["likes"])}) for row in conn.execute(sa.select(slates))
        ]
    best = recommender.recommend(queries, explain=False)
    true = np.mean([item in liked for slate in best for item in slate.items])
    for one in (same.ips, same.snips, same.doubly_robust):
        assert one.value.low < true < one.value.high
        assert one.slates == 900
    other = estimate(taught.store, 1)
    assert other.version == 1
    assert other.snips.effective < same.snips.effective


def test_without_exploration_nothing_can_be_judged(taught: Project) -> None:
    with pytest.raises(DataError, match="No slate was shown with exploration"):
        estimate(taught.store, 2)
    shown(taught, 20, explore=0.0)
    with pytest.raises(DataError, match="No slate was shown with exploration"):
        estimate(taught.store, 2)
    shown(taught, 5, explore=0.3)
    with pytest.raises(DataError, match=r"effective draws .*Explore more or longer, or run an experiment"):
        estimate(taught.store, 1)


def memorizing(project: Project, until: int) -> list[str]:
    """An artifact that ranks items by what became of them in the slates until then; one that knows nothing of it."""
    catalog, tastes = project.answers.catalog, project.answers.recommender.tastes
    rng, n = np.random.default_rng(5), len(catalog)
    liked, seen = np.zeros(n), np.zeros(n)
    q = recommendation_quality.c
    with project.store.read() as conn:
        chosen = sa.select(slates.c["items"], q.rank_shown, q.liked).join(slates, slates.c.id == q.slate)
        for items, rank, good in conn.execute(chosen.where(slates.c.at <= until)):
            row = catalog.items.rows([items[rank - 1]])
            liked[row] += good
            seen[row] += 1
    found = []
    for score in (liked / np.maximum(seen, 1), rng.random(n)):
        settings, arrays = Popularity(score.astype(np.float32)).state()
        manifest = {"kind": "model", "recipe": "shop", "scorer": settings, "items": catalog.items.digest,
                    "tastes": list(tastes), "features": None}  # fmt: skip
        found.append(project.store.artifacts.put(manifest, arrays))
    return found


def test_a_version_is_not_judged_on_slates_that_it_learned_from(taught: Project) -> None:
    """What was liked then says nothing of what is liked later, which is chance: nobody can foretell it."""
    shown(taught, 300, explore=0.9, among=15)
    artifact, innocent = memorizing(taught, until=1299)
    made = {"recipe": "shop", "algorithm": "made", "code_version": "1", "seed": 0, "artifact": artifact}
    learned = made | {"events_real": 1500, "data_to": 1299}
    with taught.store.begin() as conn:
        naive, honest, judged = add_versions(conn, [
            NewVersion(**made), NewVersion(**learned),
            NewVersion(**learned, judged_artifact=innocent, metrics={"begins": 1000}),
        ])  # fmt: skip
    assert estimate(taught.store, naive).snips.value.low > 0.9
    with pytest.raises(DataError, match="All 300 slates with exploration were shown before version 4 had learned"):
        estimate(taught.store, honest)
    asked = estimate(taught.store, judged)
    assert asked.snips.value.high < 0.8
    assert (asked.ips.slates, "as it was judged before" in asked.fair) == (300, True)
    shown(taught, 300, explore=0.9, seed=1, first=300, chance=0.3, among=15)
    later = estimate(taught.store, honest)
    assert (later.ips.slates, later.fair) == (300, "")
    assert later.snips.value.low < 0.3 < later.snips.value.high
