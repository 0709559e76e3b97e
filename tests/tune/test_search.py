"""15 + 15 = 30; the order of work does not matter within a batch; a known top is found; the hopeless are left."""

from dataclasses import replace
from math import log

import numpy as np
import pytest

from tastemaker.algorithms import EASE, BestOf, BiasedMF, Content
from tastemaker.errors import Cancelled, QueryError
from tastemaker.tune import SEARCHES, around, attempt, best, plan, search, space_of, suggest, values_of
from tastemaker.tune.search import NEAR
from tastemaker.watch import Watch

from .hills import TOP, Hill

START = BiasedMF()


def found(trials):
    """What must be equal, to the last bit."""
    return [(t.number, t.params, t.state, t.value, t.steps, t.why) for t in trials]


def made(kind, trials=30, hill=None, **options):
    return plan(START, kind, trials, seed=7, rungs=(1.0,), **options), hill or Hill(noise=0.05, fails=64)


@pytest.mark.parametrize("kind", SEARCHES)
def test_fifteen_and_fifteen_are_thirty(kind):
    whole, hill = made(kind)
    half, _ = made(kind, 15)
    first = search(half, hill, Watch())
    assert len(first) == 15
    both = search(whole, hill, Watch(), first)
    assert found(both) == found(search(whole, hill, Watch()))
    assert found(both[:15]) == found(first)
    assert {t.state for t in both} >= {"done"}


@pytest.mark.parametrize("kind", SEARCHES)
def test_another_seed_is_another_search(kind):
    one, hill = made(kind, 12)
    other = replace(one, seed=8)
    a, b = search(one, hill, Watch()), search(other, hill, Watch())
    assert a[0].params == b[0].params == values_of(START, space_of(START))
    assert [t.params for t in a[1:]] != [t.params for t in b[1:]]


@pytest.mark.parametrize("kind", SEARCHES)
def test_within_a_batch_the_order_of_work_does_not_matter(kind):
    made_, hill = made(kind, 12, jobs=4)
    forward = search(made_, hill, Watch())
    done = []
    for first in range(0, 12, 4):  # last one of each four first
        done += [attempt(made_, n, hill, made_.seen_by(n, done), Watch()) for n in range(first + 3, first - 1, -1)]
    assert found(sorted(done, key=lambda t: t.number)) == found(forward)


@pytest.mark.parametrize("kind", ["grid", "random"])
def test_how_many_processes_does_not_matter_to_a_grid_or_random_search(kind):
    alone, hill = made(kind, 20)
    together, _ = made(kind, 20, jobs=3)
    assert found(search(alone, hill, Watch())) == found(search(together, hill, Watch()))


@pytest.mark.parametrize("higher", [True, False])
@pytest.mark.parametrize("kind", SEARCHES)
def test_the_best_is_nearer_the_top_than_the_present_settings(kind, higher):
    hill = Hill(higher=higher)
    trials = search(plan(START, kind, 40, seed=1, higher=higher, rungs=(1.0,)), hill, Watch())
    top = best(trials, higher)
    sign = 1.0 if higher else -1.0
    assert sign * top.value > sign * trials[0].value + 1.0
    assert abs(log(top.params["l2"] / TOP.l2)) < abs(log(START.l2 / TOP.l2))


def test_a_bayesian_search_comes_nearer_than_a_random_one():
    values = {}
    for kind in ("bayesian", "random"):
        runs = [search(plan(START, kind, 40, seed=seed, rungs=(1.0,)), Hill(), Watch()) for seed in range(6)]
        values[kind] = np.mean([best(trials, True).value for trials in runs])
    assert values["bayesian"] > values["random"]


def test_a_bayesian_search_starts_from_what_is_known():
    hill = Hill()
    before = search(plan(START, "random", 40, seed=3, rungs=(1.0,)), hill, Watch())
    warm = plan(START, "bayesian", 6, seed=1, known=before, rungs=(1.0,))
    cold = plan(START, "bayesian", 6, seed=1, rungs=(1.0,))
    a, b = (np.mean([t.value for t in search(p, hill, Watch())[1:]]) for p in (warm, cold))
    assert a > b
    assert plan(START, "random", 6, known=before).known == ()


def test_what_cannot_learn_fails_alone():
    hill = Hill(fails=18)
    trials = search(plan(START, "random", 20, seed=2, rungs=(1.0,)), hill, Watch())
    failed = [t for t in trials if t.state == "failed"]
    assert trials[0] in failed
    assert 0 < len(failed) < 20
    assert failed[0].why == "20 dimensions are too many."
    assert best(trials, True).params["dim"] <= 18
    assert best(failed, True) is None


def test_the_hopeless_never_see_all_users():
    hill = Hill(noise=0.01)
    made_ = plan(START, "random", 40, seed=5)
    trials = search(made_, hill, Watch())
    pruned = [t for t in trials if t.state == "pruned"]
    assert len(pruned) >= 5
    assert all(t.number >= made_.batch and len(t.steps) == 1 and t.value is None for t in pruned)
    assert [share for _, share in hill.asked].count(1.0) == 40 - len(pruned)
    for t in pruned:  # by the rule: worse than the median of the whole trials that it may know
        known = [s.steps[0] for s in made_.seen_by(t.number, trials) if s.state == "done"]
        assert t.steps[0] < np.median(known)
    for t in trials[made_.batch :]:
        if t.state == "done":
            assert t.steps[0] >= np.median([s.steps[0] for s in made_.seen_by(t.number, trials) if s.state == "done"])


def test_a_search_can_be_stopped():
    hill, seen = Hill(), []
    watch = Watch(report=seen.append, cancelled=lambda: len(seen) == 3)
    with pytest.raises(Cancelled, match="stopped on request at 3 of 20"):
        search(plan(START, "random", 20, rungs=(1.0,)), hill, watch)
    assert len(hill.asked) == 3
    assert seen[-1].metrics.keys() == {"best_height"}


def test_a_grid_is_no_larger_than_it_is():
    assert plan(START, "grid").trials == plan(START, "grid", 500).trials == 81
    assert plan(EASE(), "grid").trials == 3
    assert (plan(START, "random").trials, plan(START).trials) == (50, 20)


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        ({"search": "bayes"}, "No search is called 'bayes'; did you mean 'bayesian'"),
        ({"search": "random", "trials": 0}, "--trials is 0 and --jobs 1; both must be at least 1"),
        ({"search": "random", "jobs": 0}, "--trials is 50 and --jobs 0"),
    ],
)
def test_what_cannot_be_planned(asked, says):
    with pytest.raises(QueryError, match=says):
        plan(START, **asked)


def test_around_is_near_the_present_settings():
    near = around(START, 12, seed=4)
    assert len({START, *near}) == 13
    for one in near:
        assert START.l2 / NEAR <= one.l2 <= START.l2 * NEAR
        assert START.dim / NEAR <= one.dim + 1
        assert one.dim - 1 <= START.dim * NEAR
        assert (one.init, one.near) == (START.init, START.near)
    assert near == around(START, 12, seed=4)
    assert around(START, 0) == around(BestOf((EASE(),)), 5) == []
    assert len(around(Content(), 5)) == 5


def test_suggesting_needs_no_history_of_its_own():
    made_, hill = made("bayesian", 20)
    trials = search(made_, hill, Watch())
    assert suggest(made_, 17, made_.seen_by(17, reversed(trials))) == trials[17].params
