import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from tastemaker.experiment import credit, preference, team_draft

rankings = st.permutations([f"i{k}" for k in range(9)])


@given(rankings, rankings, st.integers(0, 9), st.integers(0, 99))
def test_each_pick_is_its_teams_best_that_is_left(a, b, n, seed):
    items, teams = team_draft(a, b, n, np.random.default_rng(seed))
    assert len(items) == len(set(items)) == n
    for k, (item, team) in enumerate(zip(items, teams, strict=True)):
        ranking = {"a": a, "b": b}[team]
        assert item == next(i for i in ranking if i not in items[:k])
    for even in range(0, n + 1, 2):
        assert teams[:even].count("a") == even // 2


def test_it_ends_when_a_ranking_is_used_up_and_starts_with_either_team():
    firsts = [team_draft(["x", "y"], ["y", "x", "z"], 5, np.random.default_rng(seed))[1][0] for seed in range(200)]
    assert 60 < firsts.count("a") < 140
    items, _ = team_draft(["x"], ["y", "z"], 5, np.random.default_rng(0))
    assert set(items) in ({"x", "y"}, {"x", "y", "z"})
    assert team_draft([], ["y"], 5, np.random.default_rng(1))[0] in ((), ("y",))


def test_clicks_count_for_the_team_and_the_better_ranking_wins():
    assert credit(("x", "y", "z"), ("a", "b", "b"), ["y", "z", "x", "other"]) == 1
    rng, relevant = np.random.default_rng(0), {"i0", "i1", "i2"}
    good, bad = [f"i{k}" for k in range(9)], [f"i{k}" for k in reversed(range(9))]
    credits = []
    for _ in range(300):
        items, teams = team_draft(bad, good, 4, rng)
        credits.append(credit(items, teams, [i for i in items if i in relevant and rng.random() < 0.5]))
    found = preference(credits, [f"u{k}" for k in range(300)])
    assert found.b > 3 * found.a
    assert found.p < 1e-9
    assert found.p == pytest.approx(stats.binomtest(found.b, found.a + found.b).pvalue, rel=1e-6)
    assert found.a + found.b + found.ties == 300


def test_equal_rankings_have_no_preference_and_the_unit_is_the_user():
    rng, same, credits = np.random.default_rng(1), [f"i{k}" for k in range(6)], []
    for _ in range(400):
        items, teams = team_draft(same, same, 6, rng)
        credits.append(credit(items, teams, [i for i in items if rng.random() < 0.3]))
    assert preference(credits, [str(k) for k in range(400)]).p > 0.01
    found = preference([1] * 50, ["ann"] * 49 + ["bob"])
    assert (found.a, found.b, found.ties, found.p) == (0, 2, 0, 0.5)
    assert preference([], []).p == 1.0
    assert preference([1, -5], ["ann", "ann"]).ties == 1  # one slate each
