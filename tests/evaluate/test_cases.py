"""Numbers with their floor and ceiling."""

from dataclasses import replace

import numpy as np
import pytest

from tastemaker.data.case import Case
from tastemaker.data.query import Query
from tastemaker.evaluate import LIST, WHOLE, judge, measure, quality
from tastemaker.metrics import ndcg_ranked, spearman
from tastemaker.recommender import Recommender, single
from tastemaker.scorers import Mapping, Popularity
from tastemaker.testing import World
from tastemaker.testing.worlds import N_ITEMS, NAMES

USERS = 60
METRICS = ("ndcg@10", "spearman", "catalog recall@20", "catalog ndcg@20")


@pytest.fixture
def case(world: World, rng: np.random.Generator) -> Case:
    """Users who love as the mapping says, and rank with some noise; the oracle is the mapping."""
    membership = world.features.block("tastes")
    stated = rng.random((USERS, len(NAMES))).astype(np.float32)
    love = stated @ membership.T
    items = np.stack([rng.choice(N_ITEMS, 10, replace=False) for _ in range(USERS)]).astype(np.int32)
    true = np.take_along_axis(love, items, axis=1)
    noisy = true + rng.normal(0.0, 0.15, true.shape)
    relevance = (np.argsort(np.argsort(noisy, axis=1), axis=1) + 1).astype(np.float32)
    best = np.zeros(love.shape, bool)
    np.put_along_axis(best, np.argsort(-love, axis=1, kind="stable")[:, :2], True, axis=1)
    queries = tuple(Query(profile=dict(zip(NAMES, map(float, row), strict=True))) for row in stated)
    return Case("toy", "as the mapping says", queries, items, relevance, true, best)


@pytest.fixture
def oracle(world: World) -> Recommender:
    return single(world.data.catalog, NAMES, Mapping(world.features.block("tastes")))


@pytest.fixture
def blind(world: World, rng: np.random.Generator) -> Recommender:
    """The same random order for everybody."""
    return single(world.data.catalog, NAMES, Popularity(rng.permutation(N_ITEMS).astype(np.float32)))


def test_the_oracle_comes_all_the_way(case: Case, oracle: Recommender, rng: np.random.Generator) -> None:
    report = judge(oracle, case, rng)
    assert (report.case, report.protocol, report.n_users) == ("toy", "as the mapping says", USERS)
    assert tuple(report.metrics) == METRICS
    for name, m in report.metrics.items():
        assert m.share.mean == pytest.approx(1.0), name
        assert m.model.mean == pytest.approx(m.ceiling), name
        assert m.floor < m.model.low <= m.model.mean <= m.model.high <= 1.0
        assert np.isnan(m.popular)
    assert report.metrics["catalog ndcg@20"].ceiling == pytest.approx(1.0)
    assert report.metrics["catalog recall@20"].ceiling == pytest.approx(1.0)


def test_who_knows_nothing_stays_at_the_floor(case: Case, blind: Recommender, rng: np.random.Generator) -> None:
    for m in judge(blind, case, rng).metrics.values():
        assert m.share.low < 0.15
        assert abs(m.share.mean) < 0.35
        assert m.floor == pytest.approx(m.model.mean, abs=0.2)


def test_the_floor_is_what_random_orders_reach(case: Case, oracle: Recommender, rng: np.random.Generator) -> None:
    floors = {name: m.floor for name, m in judge(oracle, case, rng).metrics.items()}
    orders = [rng.random(case.items.shape, np.float32) for _ in range(200)]
    wanted = np.mean([ndcg_ranked(scores, case.relevance, LIST).mean() for scores in orders])
    assert floors["ndcg@10"] == pytest.approx(wanted, abs=0.01)
    assert floors["spearman"] == pytest.approx(0.0, abs=0.03)
    assert floors["catalog recall@20"] == pytest.approx(WHOLE / N_ITEMS, abs=0.03)


def test_the_ceiling_of_a_catalog_with_much_that_is_relevant(
    case: Case, oracle: Recommender, rng: np.random.Generator
) -> None:
    assert case.ceiling is not None
    love = np.stack([oracle.score([query], np.arange(N_ITEMS, dtype=np.int32)[None])[0] for query in case.queries])
    best = np.zeros(love.shape, bool)
    np.put_along_axis(best, np.argsort(-love, axis=1, kind="stable")[:, :30], True, axis=1)  # 30 do not fit into 20
    report = judge(oracle, replace(case, relevant=best), rng)
    for name in ("catalog recall@20", "catalog ndcg@20"):
        assert report.metrics[name].model.mean == pytest.approx(report.metrics[name].ceiling)


def test_popularity_is_measured_on_the_same_users(
    case: Case, oracle: Recommender, blind: Recommender, rng: np.random.Generator
) -> None:
    report = judge(oracle, case, rng, measure(blind, case))
    for name, values in measure(blind, case).items():
        assert report.metrics[name].popular == pytest.approx(values.mean())


def test_the_numbers_are_those_of_the_metrics(case: Case, oracle: Recommender) -> None:
    found = measure(oracle, case)
    scores = oracle.score(case.queries, case.items)
    np.testing.assert_array_equal(found["spearman"], spearman(scores, case.relevance))
    served = oracle.recommend([replace(query, n=WHOLE) for query in case.queries], explain=False)
    assert case.relevant is not None
    rows = [oracle.catalog.items.rows(slate.items) for slate in served]
    hits = np.array([case.relevant[u, mine].sum() for u, mine in enumerate(rows)])
    np.testing.assert_allclose(found["catalog recall@20"], hits / case.relevant.sum(axis=1))


def test_without_an_oracle_nobody_knows_the_way(case: Case, oracle: Recommender, rng: np.random.Generator) -> None:
    real = replace(case, ceiling=None, relevant=None)
    report = judge(oracle, real, rng)
    assert tuple(report.metrics) == METRICS[:2]
    m = report.metrics["spearman"]
    assert np.isnan([m.ceiling, m.share.mean, m.share.low]).all()
    assert quality([report]) == m.model.mean
    known = judge(oracle, case, rng)
    assert quality([known, report], "ndcg@10") == known.metrics["ndcg@10"].share.mean


def test_lists_of_unequal_length(case: Case, oracle: Recommender, rng: np.random.Generator) -> None:
    items, relevance = case.items.copy(), case.relevance.copy()
    items[::2, 6:], relevance[::2, 6:] = -1, np.nan
    report = judge(oracle, replace(case, items=items, relevance=relevance), rng)
    assert report.metrics["spearman"].share.mean == pytest.approx(1.0)
    assert 0.0 <= report.metrics["ndcg@10"].floor <= report.metrics["ndcg@10"].model.mean <= 1.0


def test_the_same_chance_gives_the_same_report(case: Case, oracle: Recommender) -> None:
    first, second = (judge(oracle, case, np.random.default_rng(3)).as_json() for _ in range(2))
    assert repr(first) == repr(second)  # NaN is not NaN
    assert "per_user" not in first
    assert first["metrics"]["spearman"]["model"].keys() == {"mean", "low", "high"}


def test_a_catalog_smaller_than_the_depth(world: World, case: Case, rng: np.random.Generator) -> None:
    few = np.arange(N_ITEMS) < 8
    model = single(world.data.catalog.where(few), NAMES, Mapping(world.features.block("tastes")[few]))
    items = np.stack([rng.permutation(8) for _ in case.queries]).astype(np.int32)
    truth = model.score(case.queries, items)
    relevant = np.zeros((USERS, 8), bool)
    relevant[np.arange(USERS), items[np.arange(USERS), truth.argmax(axis=1)]] = True
    small = Case("small", "", case.queries, items, truth, truth, relevant)
    report = judge(model, small, rng)
    assert report.metrics["catalog recall@20"].model.mean == 1.0
    assert report.metrics["spearman"].model.mean == pytest.approx(1.0, abs=0.02)
