"""Versions judged on slates that another one showed."""

from dataclasses import replace

import numpy as np
import pytest
import sqlalchemy as sa

from tastemaker.data.query import Query
from tastemaker.errors import DataError
from tastemaker.experiment import estimate
from tastemaker.lifecycle import Project
from tastemaker.store import put_slate
from tastemaker.store.tables import slates

from .made import record


def shown(project: Project, n: int, explore: float, seed: int = 0) -> set[str]:
    """n slates of five from the active version, explored; each user likes what the content version would show first."""
    rng, answers = np.random.default_rng(seed), project.answers
    recommender = replace(answers.recommender, explore=explore)
    ids, rows = answers.catalog.items.ids, []
    queries = [Query(user=f"u{k}", likes=(ids[int(rng.integers(len(ids)))],), n=5) for k in range(n)]
    found = recommender.recommend(queries, explain=False, explore_rng=rng)
    with project.store.begin() as conn:
        for k, (query, slate) in enumerate(zip(queries, found, strict=True)):
            number = put_slate(conn, query, slate, at=1000 + k)
            for rank, item in enumerate(slate.items, 1):
                good = sum(map(ord, item)) % 3 == 0
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
