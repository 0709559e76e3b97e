import numpy as np
import pytest

from tastemaker.data.features import TASTES, Features
from tastemaker.data.vocab import Vocab
from tastemaker.metrics import spearman
from tastemaker.synth.cases import KNOWN, best_items, draw_held_out, stated_case, user_cases
from tastemaker.synth.preference import preferences
from tastemaker.synth.users import Population

NAMES = ("woody", "fresh", "sweet", "odd")
KINDS = Population({"wood": {"woody": 0.9, "odd": 0.4}, "air": {"fresh": 0.8}, "all": {"*": 0.6}})
N = 40


@pytest.fixture(scope="module")
def features():
    membership = np.random.default_rng(0).dirichlet((0.9, 0.5, 0.3, 0.1), 250).astype(np.float32)
    return Features(Vocab(tuple(f"i{i}" for i in range(250))), {TASTES: membership}, {TASTES: NAMES})


@pytest.fixture(scope="module")
def cases(features):
    return {case.name: case for case in user_cases(KINDS, features, N, np.random.default_rng(1))}


def test_four_cases_each_with_an_oracle_of_the_same_knowledge(cases):
    assert list(cases) == ["stated", "vague", "ranked", "unlike"]
    for case in cases.values():
        assert len(case.queries) == N
        assert case.items.shape == case.relevance.shape == case.ceiling.shape == (N, 10)
        assert (np.sort(case.relevance, axis=1) == np.arange(1, 11)).all()
        assert np.isfinite(case.ceiling).all()
        assert case.protocol


def test_what_each_case_tells(cases):
    assert all(len(query.profile) == 4 and not query.ratings for query in cases["stated"].queries)
    assert all(len(query.profile) == 2 and not query.ratings for query in cases["vague"].queries)
    assert all(len(query.ratings) == KNOWN and not query.profile for query in cases["ranked"].queries)
    assert all(len(query.profile) == 4 for query in cases["unlike"].queries)
    for case in cases.values():
        assert all(0.0 <= value <= 1.0 for query in case.queries for value in query.profile.values())


def test_vague_tastes_are_noisy_tastes_of_the_same_users(cases):
    pairs = zip(cases["stated"].queries, cases["vague"].queries, strict=True)
    errors = [said - exact.profile[name] for exact, vague in pairs for name, said in vague.profile.items()]
    assert 0.05 < np.std(errors) < 0.25
    withheld = {name for query in cases["vague"].queries for name in NAMES if name not in query.profile}
    assert withheld == set(NAMES)


def test_cases_of_the_same_users_ask_for_the_same_lists(cases):
    for name in ("vague", "ranked"):
        np.testing.assert_array_equal(cases[name].items, cases["stated"].items)
        np.testing.assert_array_equal(cases[name].relevance, cases["stated"].relevance)


def test_knowing_less_lowers_the_ceiling(cases):
    reached = {name: spearman(case.ceiling, case.relevance).mean() for name, case in cases.items()}
    assert reached["stated"] > reached["vague"] > 0
    assert reached["stated"] > reached["ranked"] > 0
    assert reached["unlike"] == pytest.approx(0.77, abs=0.08)


def test_given_rankings_are_signed_preferences_best_first_1(features):
    users = draw_held_out(KINDS, features, N, np.random.default_rng(2))
    all_ = users.ratings(features.items.ids, 10)
    for row, told in zip(users.history.items, all_, strict=True):
        assert set(told) == {f"i{i}" for i in row}
        assert (max(told.values()), min(told.values())) == (1.0, -1.0)
    first = all_[0][f"i{users.history.items[0, 0]}"]
    assert first == pytest.approx(1 - 2 * (users.history.rank[0, 0] - 1) / 9, abs=1e-6)


def test_the_whole_catalog_is_judged_where_asked(cases, features):
    assert cases["vague"].relevant is None
    relevant = cases["stated"].relevant
    assert relevant.shape == (N, 250)
    assert (relevant.sum(axis=1) == 2).all()
    tastes = np.array([[query.profile[name] for name in NAMES] for query in cases["stated"].queries], np.float32)
    for row, mine in zip(preferences(tastes, features.block(TASTES)), relevant, strict=True):
        assert row[mine].min() >= row[~mine].max()


def test_the_best_items_of_a_small_catalog_are_one():
    assert best_items(np.float32([[0.1, 0.9, 0.2], [0.5, 0.5, 0.1]])).tolist() == [
        [False, True, False],
        [True, False, False],
    ]


def test_lists_stay_among_the_items_given(features):
    among = np.arange(200, 215, dtype=np.int32)
    users = draw_held_out(KINDS, features, 5, np.random.default_rng(3), among=among)
    assert set(users.judged.items.ravel().tolist()) <= set(among.tolist())
    assert stated_case(users).relevant is None


def test_the_same_seed_asks_the_same(features):
    one, again = (user_cases(KINDS, features, 8, np.random.default_rng(9)) for _ in range(2))
    for a, b in zip(one, again, strict=True):
        assert a.queries == b.queries
        np.testing.assert_array_equal(a.items, b.items)
        np.testing.assert_array_equal(a.ceiling, b.ceiling)
