"""One look's figures, against SciPy, tea-tasting and slow twins."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import optimize, stats

from tastemaker.experiment import (
    Mean,
    Sums,
    always_valid,
    belief,
    beta_binomial,
    boundary,
    cuped,
    detectable,
    difference,
    fixed_horizon,
    mean_of,
    plan_for,
    sample_ratio,
)
from tastemaker.experiment.always_valid import always_valid_p, tuned
from tastemaker.experiment.plan import remaining


def arm(n, seed, lift=0.0):
    """y of n trials of lopsided users, and what they did before."""
    rng = np.random.default_rng(seed)
    taste = rng.beta(2, 3, n)
    trials, before = rng.integers(1, 30, n).astype(float), rng.integers(1, 30, n).astype(float)
    trials[: n // 10] = 90.0
    y = rng.binomial(trials.astype(int), np.minimum(taste + lift, 1.0)).astype(float)
    return Sums(y, trials, rng.binomial(before.astype(int), taste).astype(float), before)


CONTROL, TREATMENT = arm(700, 1), arm(300, 2, 0.05)


def peers(metric):
    """tea-tasting's result of the metric on both arms."""
    tt, pa = pytest.importorskip("tea_tasting"), pytest.importorskip("pyarrow")
    columns = {
        name: np.concatenate([getattr(CONTROL, name), getattr(TREATMENT, name)])
        for name in ("y", "n", "before_y", "before_n")
    }
    table = pa.table({"variant": np.repeat([0, 1], [700, 300]), **columns})
    return tt.Experiment(metric=metric(tt)).analyze(table)["metric"]


def agrees(lift, peer):
    ends = (lift.points.mean, lift.points.low, lift.points.high, lift.percent.mean, lift.percent.low, lift.percent.high)
    theirs = [getattr(peer, f"{kind}{end}") for kind in ("effect_size", "rel_effect_size")
              for end in ("", "_ci_lower", "_ci_upper")]  # fmt: skip
    assert ends == pytest.approx(theirs, rel=1e-9)
    assert lift.p == pytest.approx(peer.pvalue, rel=1e-6)


def both(ratio):
    return [mean_of(a.y, a.n if ratio else None) for a in (CONTROL, TREATMENT)]


def test_means_agree_with_scipy_and_tea_tasting():
    lift = fixed_horizon(difference(*both(ratio=False)))
    theirs = stats.ttest_ind(TREATMENT.y, CONTROL.y, equal_var=False)
    interval = theirs.confidence_interval()
    assert lift.p == pytest.approx(theirs.pvalue)
    assert (lift.points.low, lift.points.high) == pytest.approx((interval.low, interval.high))
    agrees(lift, peers(lambda tt: tt.Mean("y")))


def test_ratios_agree_with_tea_tasting():
    agrees(fixed_horizon(difference(*both(ratio=True))), peers(lambda tt: tt.RatioOfMeans("y", "n")))


def test_cuped_agrees_with_tea_tasting():
    found = cuped(CONTROL, TREATMENT)
    lift = fixed_horizon(difference(found.control, found.treatment))
    agrees(lift, peers(lambda tt: tt.RatioOfMeans("y", "n", numer_covariate="before_y", denom_covariate="before_n")))
    plain = [Sums(a.y, None, a.before_y, None) for a in (CONTROL, TREATMENT)]
    adjusted = cuped(*plain)
    agrees(
        fixed_horizon(difference(adjusted.control, adjusted.treatment)),
        peers(lambda tt: tt.Mean("y", covariate="before_y")),
    )


def test_the_sample_ratio_agrees_with_scipy_and_tea_tasting():
    found = sample_ratio(700, 300, 0.25)
    assert (found.chi2, found.p) == pytest.approx(tuple(stats.chisquare([700, 300], [750, 250])))
    assert found.broken
    assert not sample_ratio(505, 495, 0.5).broken
    assert sample_ratio(0, 0, 0.5).p == 1.0
    normal = peers(lambda tt: tt.SampleRatio(1, method="norm", correction=False))
    assert sample_ratio(700, 300, 0.5).p == pytest.approx(normal.pvalue, rel=1e-6)


def test_the_planned_size_agrees_with_tea_tasting():
    tt, pa = pytest.importorskip("tea_tasting"), pytest.importorskip("pyarrow")
    metric = tt.RatioOfMeans("y", "n", effect_size=0.03, power=0.9, use_t=False)
    (theirs,) = tt.Experiment(m=metric).solve_power(pa.table({"y": CONTROL.y, "n": CONTROL.n}), "n_obs")["m"]
    ours = plan_for(mean_of(CONTROL.y, CONTROL.n), 0.03, daily=40)
    assert ours.users_once == pytest.approx(theirs.n_obs, abs=1)
    assert ours.users == pytest.approx(ours.users_once * ((3.0351 + 1.2816) / (1.9600 + 1.2816)) ** 2, rel=1e-3)
    assert ours.days == ours.users / 40


def test_a_ratio_has_the_variance_of_a_bootstrap():
    rng, found = np.random.default_rng(0), mean_of(CONTROL.y, CONTROL.n)
    draws = rng.integers(700, size=(4000, 700))
    again = CONTROL.y[draws].sum(axis=1) / CONTROL.n[draws].sum(axis=1)
    assert found.value == CONTROL.y.sum() / CONTROL.n.sum()
    assert math.sqrt(found.se2) == pytest.approx(again.std(), rel=0.05)


def test_cuped_saves_what_the_correlation_says_and_shifts_nothing():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(2, 5000))
    sums = [Sums(0.8 * x[i] + 0.6 * rng.normal(size=5000), None, x[i], None) for i in range(2)]
    found = cuped(*sums)
    assert found.saved == pytest.approx(0.64, abs=0.03)
    assert found.treatment.value - found.control.value == pytest.approx(0.0, abs=4 * math.sqrt(2 * 0.36 / 5000))
    none = np.zeros(700)
    assert cuped(Sums(CONTROL.y, CONTROL.n, none, none), Sums(TREATMENT.y, TREATMENT.n, none[:300], none[:300])) is None


# --- the confidence sequence


@pytest.mark.parametrize("alpha", [0.2, 0.05, 0.001])
def test_the_sequence_is_the_papers_and_narrowest_at_the_planned_size(alpha):
    def paper(t, sigma, rho):
        return sigma * math.sqrt((t * rho**2 + 1) / (t**2 * rho**2) * math.log((t * rho**2 + 1) / alpha**2))

    m, sigma = 1700, 0.37
    best = optimize.minimize_scalar(lambda r: paper(m, sigma, math.exp(r)), bounds=(-9, 3), method="bounded").x
    rho = math.sqrt(tuned(alpha) / m)
    assert rho == pytest.approx(math.exp(best), rel=1e-3)
    for t in (17, 170, 1700, 17_000):
        assert boundary(t / m, alpha) * sigma / math.sqrt(t) == pytest.approx(paper(t, sigma, rho))


@given(st.floats(0.01, 30), st.floats(0.001, 0.3), st.floats(0.1, 9))
def test_its_p_is_the_alpha_that_just_excludes_zero(progress, alpha, z):
    p, tau = always_valid_p(z, progress, alpha), tuned(alpha) * progress
    assert 0.0 < p <= 1.0
    if p < 1.0:
        assert z == pytest.approx(math.sqrt((tau + 1) / tau * math.log((tau + 1) / p**2)))
    assert (z > boundary(progress, alpha)) == (p < alpha) or p == pytest.approx(alpha)


def test_it_covers_at_all_times_at_once():
    rng = np.random.default_rng(0)
    walks = rng.normal(size=(2000, 400)).cumsum(axis=1)  # m = 100, watched for four times as long
    t = np.arange(1, 401)
    bound = np.array([boundary(k / 100) for k in t]) * np.sqrt(t)
    crossed = (np.abs(walks) > bound).any(axis=1).mean()
    assert 0.005 < crossed < 0.05
    assert (np.abs(walks) > 1.96 * np.sqrt(t)).any(axis=1).mean() > 0.4


def test_it_is_wider_than_a_single_look_and_says_nothing_of_few_users():
    found = difference(*both(ratio=True))
    once, any_day = fixed_horizon(found), always_valid(found, 1.0)
    assert any_day.points.low < once.points.low < once.points.mean < once.points.high < any_day.points.high
    few = difference(mean_of(CONTROL.y[:29]), mean_of(TREATMENT.y))
    assert few.few
    assert always_valid(few, 1.0).points.low == -math.inf
    assert fixed_horizon(few).p == always_valid(few, 1.0).p == 1.0
    alike = difference(mean_of(np.ones(50)), mean_of(np.ones(50)))
    assert fixed_horizon(alike).points.high == math.inf
    negative = fixed_horizon(difference(Mean(50, -0.1, 1.0), Mean(50, 0.1, 1.0)))
    assert math.isnan(negative.percent.mean)
    assert not math.isnan(negative.points.mean)


# --- the Bayesian view


@given(st.integers(0, 40), st.integers(0, 40), st.integers(0, 40), st.integers(0, 40))
def test_the_belief_is_the_sum_over_beta_functions(good_c, bad_c, good_t, bad_t):
    a, b, c, d = 1 + good_t, 1 + bad_t, 1 + good_c, 1 + bad_c  # Miller 2015, "Formulas for Bayesian A/B testing"

    def lbeta(x, y):
        return math.lgamma(x) + math.lgamma(y) - math.lgamma(x + y)

    slow = sum(math.exp(lbeta(c + i, d + b) - math.log(b + i) - lbeta(1 + i, b) - lbeta(c, d)) for i in range(a))
    found = belief((good_c, bad_c), (good_t, bad_t))
    assert found.better == pytest.approx(slow, abs=1e-6)
    means = c / (c + d), a / (a + b)
    assert found.loss_control - found.loss_treatment == pytest.approx(means[1] - means[0], abs=1e-6)


def test_the_expected_loss_is_what_draws_say_also_for_many_users():
    rng = np.random.default_rng(0)
    for scale in (1, 100, 10_000):
        c, t = rng.beta(1 + 30 * scale, 1 + 70 * scale, 200_000), rng.beta(1 + 33 * scale, 1 + 67 * scale, 200_000)
        found = belief((30 * scale, 70 * scale), (33 * scale, 67 * scale))
        assert found.better == pytest.approx((t > c).mean(), abs=0.005)
        assert found.loss_treatment == pytest.approx(np.maximum(c - t, 0).mean(), rel=0.05, abs=1e-6)


def test_outcomes_of_one_user_count_for_less_than_their_number():
    once = beta_binomial(*both(ratio=True))
    ten = [Mean(m.n, m.value, m.variance * 10) for m in both(ratio=True)]
    assert 0.5 < beta_binomial(*ten).better < once.better <= 1.0
    trials = [mean_of(np.repeat([1.0, 0.0], [k, 1000 - k])) for k in (300, 330)]
    assert beta_binomial(*trials).better == pytest.approx(belief((300, 700), (330, 670)).better, abs=1e-3)
    assert beta_binomial(Mean(50, 0.0, 0.0), Mean(50, 0.5, 0.25)) is None


def test_the_detectable_effect_is_the_plan_backwards():
    one = mean_of(CONTROL.y, CONTROL.n)
    plan = plan_for(one, 0.04, share=0.3)
    assert detectable(one, plan.users, share=0.3) == pytest.approx(0.04, rel=1e-3)
    assert remaining(plan, 100, plan.se * math.sqrt(3)) == 200
    assert remaining(plan, 100, plan.se / 2) == 0
    assert plan.days is None
