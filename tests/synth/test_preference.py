import numpy as np
import pytest
from scipy.stats import kstest

from tastemaker.metrics import ndcg_ranked, spearman
from tastemaker.synth.preference import REFERENCE, mean_taste, preferences, strongest


@pytest.fixture(scope="module")
def membership():
    """3,000 items of 7 families, most of them made of a few."""
    return np.random.default_rng(0).dirichlet(np.full(7, 0.4), 3000).astype(np.float32)


@pytest.fixture(scope="module")
def tastes():
    return np.random.default_rng(1).random((40, 7)).astype(np.float32)


@pytest.mark.parametrize("affinity", [mean_taste, strongest])
def test_every_users_preferences_are_spread_evenly_over_0_to_1(tastes, membership, affinity):
    for row in preferences(tastes, membership, affinity=affinity):
        assert kstest(row, "uniform").statistic < 0.01
        assert row.mean() == pytest.approx(0.5, abs=1e-3)


def test_a_preference_is_the_share_of_the_catalog_that_suits_the_user_less():
    membership = np.float32([[1, 0], [0.5, 0.5], [0, 1], [0.5, 0.5], [0.25, 0.75]])
    taste = np.float32([[0.9, 0.1]])
    found = preferences(taste, membership)[0]
    affinities = [float(m @ taste[0]) for m in membership]
    for i, mine in enumerate(affinities):
        lower = sum(a < mine - 1e-6 for a in affinities)
        equal = sum(abs(a - mine) <= 1e-6 for a in affinities)
        assert found[i] == pytest.approx((lower + equal / 2) / 5)


def test_a_user_who_likes_all_families_alike_prefers_nothing(membership):
    np.testing.assert_allclose(preferences(np.full((1, 7), 0.7, np.float32), membership), 0.5, atol=1e-6)


def test_lists_a_user_are_taken_from_the_whole(tastes, membership):
    items = np.random.default_rng(2).integers(0, len(membership), (len(tastes), 6)).astype(np.int32)
    everything = preferences(tastes, membership)
    mine = np.take_along_axis(everything, items, axis=1)
    np.testing.assert_allclose(preferences(tastes, membership, items), mine, atol=1 / len(membership))  # one place


def test_a_large_catalog_is_measured_on_a_part_of_it(tastes):
    large = np.random.default_rng(3).dirichlet(np.full(7, 0.4), 2 * REFERENCE).astype(np.float32)
    by_part, rank = preferences(tastes[:2], large), mean_taste(tastes[:2], large).argsort().argsort() / len(large)
    np.testing.assert_allclose(by_part, rank, atol=0.01)


def test_strongest_is_its_formula(tastes, membership):
    found = strongest(tastes[:3], membership[:5])
    for u, t in enumerate(tastes[:3]):
        for i, m in enumerate(membership[:5]):
            love = max(t[f] * m[f] for f in range(7))
            dislike = max((1 - t[f]) ** 2 * m[f] for f in range(7))
            assert found[u, i] == pytest.approx(love - dislike / 2, abs=1e-5)


def test_nobody_prefers_nothing(membership):
    assert preferences(np.zeros((0, 7), np.float32), membership).shape == (0, 3000)
    assert preferences(np.zeros((0, 7), np.float32), membership, np.zeros((0, 4), np.int32)).shape == (0, 4)


def test_the_oracle_reaches_what_the_recipe_says(membership):
    """Judgement noise .2 on ten items of an evenly spread preference: Spearman about .77, NDCG@10 about .96."""
    rng = np.random.default_rng(4)
    tastes = np.clip(rng.choice([0.0, 0.6, 0.9], (2000, 7)) + rng.normal(0.0, 0.1, (2000, 7)), 0, 1).astype(np.float32)
    items = np.array([rng.choice(len(membership), 10, replace=False) for _ in range(2000)], np.int32)
    oracle = preferences(tastes, membership, items)
    judged = np.clip(oracle + rng.normal(0.0, 0.2, oracle.shape), 0.0, 1.0) + rng.random(oracle.shape) * 1e-9
    relevance = judged.argsort(axis=1).argsort(axis=1) + 1.0  # 11 - rank
    assert spearman(oracle, relevance).mean() == pytest.approx(0.77, abs=0.02)
    assert ndcg_ranked(oracle, relevance).mean() == pytest.approx(0.96, abs=0.01)


def test_what_draws_everybody_is_added_to_what_one_likes():
    tastes, membership = np.array([[1.0, 0.0]], np.float32), np.eye(2, dtype=np.float32)
    np.testing.assert_allclose(preferences(tastes, membership), [[0.75, 0.25]])
    np.testing.assert_allclose(preferences(tastes, membership, pull=np.array([0, 2], np.float32)), [[0.25, 0.75]])
    asked = np.array([[1, 1, 0]], np.int32)
    found = preferences(tastes, membership, asked, pull=np.array([0, 2], np.float32))
    np.testing.assert_allclose(found, [[0.75, 0.75, 0.25]])
