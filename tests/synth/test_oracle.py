import numpy as np
import pytest

from tastemaker.metrics import spearman
from tastemaker.synth.oracle import DRAWS, RANK_SPREAD, Oracle, draw_oracle
from tastemaker.synth.preference import preferences
from tastemaker.synth.users import Population, draw_rankings, draw_tastes

NAMES = ("woody", "fresh", "sweet")
KINDS = Population({"wood": {"woody": 0.9}, "air": {"fresh": 0.8, "sweet": 0.3}, "all": {"*": 0.6}})


@pytest.fixture(scope="module")
def membership():
    return np.random.default_rng(0).dirichlet((0.9, 0.5, 0.2), 60).astype(np.float32)


@pytest.fixture
def tiny():
    """A population of four users, two of them alike, and what each prefers among items 2, 5 and 9."""
    tastes = np.array([(0.9, 0.1), (0.9, 0.1), (0.2, 0.7), (0.5, 0.5)], np.float32)
    preference = np.array([(0.9, 0.5, 0.1), (0.9, 0.5, 0.1), (0.1, 0.3, 0.8), (0.4, 0.6, 0.5)], np.float32)
    return Oracle(tastes, np.array([2, 5, 9], np.int32), preference)


def test_stated_tastes_weigh_users_by_their_likelihood(tiny):
    said, noise, items = np.float32([[0.7, 0.3]]), 0.2, np.int32([[9, 2]])
    expected, total = np.zeros(2), 0.0
    for taste, preference in zip(tiny.tastes.tolist(), tiny.preference.tolist(), strict=True):
        weight = 1.0
        for t, s in zip(taste, (0.7, 0.3), strict=True):
            weight *= np.exp(-((t - s) ** 2) / (2 * noise**2)) / (noise * np.sqrt(2 * np.pi))
        total += weight
        expected += weight * np.array([preference[2], preference[0]])
    np.testing.assert_allclose(tiny.from_stated(said, noise, items)[0], expected / total, rtol=1e-5)


def test_a_withheld_taste_tells_nothing(tiny):
    items = np.int32([[2, 5, 9]])
    nothing = tiny.from_stated(np.full((1, 2), np.nan, np.float32), 0.2, items)
    np.testing.assert_allclose(nothing[0], tiny.preference.mean(axis=0), rtol=1e-6)
    half = tiny.from_stated(np.float32([[0.2, np.nan]]), 0.01, items)
    np.testing.assert_allclose(half[0], tiny.preference[2], rtol=1e-4)


def test_ranks_weigh_users_by_how_well_their_preferences_fit(tiny):
    given, share, wanted = np.int32([[9, 2]]), np.float32([[1.0, 0.0]]), np.int32([[5]])
    weights = []
    for preference in tiny.preference.tolist():
        errors = (preference[2] - 1.0) ** 2 + (preference[0] - 0.0) ** 2
        weights.append(np.exp(-errors / (2 * RANK_SPREAD**2)))
    expected = np.dot(weights, tiny.preference[:, 1]) / sum(weights)
    assert tiny.from_ranks(given, share, wanted)[0, 0] == pytest.approx(expected, rel=1e-5)


def test_evidence_that_nobody_fits_does_not_underflow(tiny):
    found = tiny.from_stated(np.float32([[1.0, 1.0]]), 1e-3, np.int32([[2, 9]]))
    assert np.isfinite(found).all()


def test_drawn_users_know_the_items_in_question(membership, rng):
    oracle = draw_oracle(KINDS, NAMES, membership, np.int32([[7, 3], [3, 30]]), rng)
    assert oracle.rows.tolist() == [3, 7, 30]
    assert oracle.tastes.shape == (DRAWS, 3)
    np.testing.assert_array_equal(oracle.preference[:5], preferences(oracle.tastes[:5], membership)[:, [3, 7, 30]])


def test_more_is_known_with_tastes_than_with_ranks_than_with_nothing(membership):
    rng = np.random.default_rng(4)
    tastes, _ = draw_tastes(KINDS, NAMES, 150, rng)
    told, judged = (draw_rankings(tastes, membership, 10, 0.2, rng) for _ in range(2))
    oracle = draw_oracle(KINDS, NAMES, membership, np.concatenate([told.items, judged.items]), rng)
    nothing = np.full(tastes.shape, np.nan, np.float32)
    scores = {
        "exactly": judged.preference,
        "tastes": oracle.from_stated(tastes, 0.05, judged.items),
        "ranks": oracle.from_ranks(told.items[:, :5], (10 - told.rank[:, :5]) / 9, judged.items),
        "nothing": oracle.from_stated(nothing, 0.05, judged.items),
    }
    reached = {name: spearman(s, 11 - judged.rank).mean() for name, s in scores.items()}
    assert reached["exactly"] + 0.01 > reached["tastes"] > reached["ranks"] > reached["nothing"]
