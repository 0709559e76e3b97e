import numpy as np
import pytest

from tastemaker.experiment import always_valid, difference, fixed_horizon, mean_of, plan_for, simulate
from tastemaker.experiment.simulate import _difference, _sums, _table, treated

RATE = (np.random.default_rng(5).random(400) < 0.4).astype(float)


def trials(n=300):
    rng = np.random.default_rng(3)
    counts = rng.geometric(0.2, n).astype(float)
    return rng.binomial(counts.astype(int), rng.beta(3, 2, n)).astype(float), counts


def test_twenty_looks_cry_wolf_only_at_the_fixed_horizon(rng):
    plan = plan_for(mean_of(RATE), 0.2 * RATE.mean())
    found = simulate(RATE, None, plan, 0.0, rng, sims=300)
    assert found.always_valid <= 0.05
    assert 0.15 < found.peeking < 0.35  # about 24 %
    assert 0.02 < found.once < 0.09
    assert found.lift == 0.0


def test_the_planned_size_has_the_planned_power(rng):
    plan = plan_for(mean_of(RATE), 0.2 * RATE.mean(), power=0.9)
    found = simulate(RATE, None, plan, 0.2, rng, sims=400)
    assert found.lift == pytest.approx(0.2, abs=1e-3)
    assert 0.85 < found.always_valid <= found.once
    assert found.stopped < 1.0
    small = simulate(RATE, None, plan, 0.1, rng, sims=400)
    assert small.always_valid < small.once - 0.1  # the price


def test_ratios_are_simulated_with_their_users(rng):
    y, n = trials()
    plan = plan_for(mean_of(y, n), 0.2 * y.sum() / n.sum(), share=0.3)
    assert simulate(y, n, plan, 0.0, rng, share=0.3, sims=300).always_valid <= 0.05
    assert simulate(y, n, plan, 0.2, rng, share=0.3, sims=300).always_valid > 0.8


def test_sums_give_what_the_figures_of_one_experiment_give(rng):
    y, n = trials()
    who, there = rng.integers(300, size=(4, 250)), rng.random((4, 250)) < 0.4
    effect, se, ready = _difference(_sums(_table(y, n), who, ~there), _sums(_table(y, n), who, there))
    assert ready.all()
    for i in range(4):
        arms = [mean_of(y[who[i, mine]], n[who[i, mine]]) for mine in (~there[i], there[i])]
        found = difference(*arms)
        assert (found.points.effect, found.points.se) == pytest.approx((effect[i], se[i]))
        assert always_valid(found, 1.0).p > fixed_horizon(found).p


def test_a_few_users_with_most_of_the_events_raise_no_early_alarm(rng):
    n = np.minimum(rng.zipf(1.7, 5000), 300).astype(float)
    y = rng.binomial(n.astype(int), rng.beta(6, 4, 5000)).astype(float)
    plan = plan_for(mean_of(y, n), 0.2 * y.sum() / n.sum())
    found = simulate(y, n, plan, 0.0, rng, sims=500)
    assert found.always_valid <= 0.04  # 0.11 if every user counted as one
    early = mean_of(y[:60], n[:60])
    assert early.effective == pytest.approx(n[:60].sum() ** 2 / (n[:60] ** 2).sum())
    assert early.effective < 30
    assert difference(early, early).few


@pytest.mark.parametrize("lift", [0.2, -0.3, 0.0])
def test_the_treated_are_better_by_the_lift_and_stay_counts(lift, rng):
    y, n = (np.tile(a, 100) for a in trials())
    better = treated(y, n, lift, rng, bounded=True)
    assert better.sum() / y.sum() - 1 == pytest.approx(lift, abs=1e-4)
    assert (better == np.round(better)).all()
    assert ((better >= 0) & (better <= n)).all()
    scaled = treated(y / 3, None, lift, rng, bounded=False)
    assert scaled == pytest.approx(y / 3 * (1 + lift))


def test_the_same_seed_gives_the_same_simulations():
    plan = plan_for(mean_of(RATE), 0.1)
    runs = [simulate(RATE, None, plan, 0.1, np.random.default_rng(8), sims=20) for _ in range(2)]
    assert runs[0] == runs[1]
