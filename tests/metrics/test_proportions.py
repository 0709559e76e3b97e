"""Intervals of shares, against SciPy and by hand; the stability index against its sum and its distribution."""

import numpy as np
import pytest
from scipy.stats import binomtest, chi2

from tastemaker.metrics import difference, effective, stability, stability_by_chance, wilson


@pytest.mark.parametrize(("hits", "n"), [(0, 1), (0, 30), (3, 10), (60, 120), (119, 120), (120, 120), (5000, 9000)])
@pytest.mark.parametrize("level", [0.9, 0.95, 0.99])
def test_wilson_is_that_of_scipy(hits: int, n: int, level: float) -> None:
    ours, theirs = wilson(hits, n, level), binomtest(hits, n).proportion_ci(level, "wilson")
    assert (ours.mean, ours.low, ours.high) == pytest.approx((hits / n, theirs.low, theirs.high), abs=1e-12)


def test_of_nothing_nothing_is_known() -> None:
    assert np.isnan([wilson(0, 0).mean, wilson(0, 0).low, wilson(0, 0).high]).all()


def test_a_difference_by_newcombe_s_own_example() -> None:
    """Newcombe 1998, table II, case (a): 56/70 - 48/80 = .2, method 10 gives .0524 to .3339."""
    found = difference(wilson(56, 70), wilson(48, 80))
    assert (found.mean, found.low, found.high) == pytest.approx((0.2, 0.0524, 0.3339), abs=5e-5)


def test_outcomes_of_users_who_differ_are_worth_less(rng: np.random.Generator) -> None:
    user = np.repeat(np.arange(40), 25)
    alike = rng.random(1000) < 0.7
    assert effective(alike, user) > 600
    torn = rng.random(1000) < np.repeat(np.where(np.arange(40) < 20, 0.95, 0.45), 25)
    assert effective(torn, user) < 200
    assert effective(torn, np.zeros(1000)) == 1000  # of one user nothing can be told
    assert effective(np.ones(1000, bool), user) == 1000


def test_the_effective_number_makes_intervals_that_hold(rng: np.random.Generator) -> None:
    """With users who differ, Wilson's 95 % interval covers the truth as often as it says, and not without it."""
    covered, naive, user = 0, 0, np.repeat(np.arange(60), 20)
    for _ in range(400):
        hit = rng.random(1200) < np.repeat(rng.beta(5.6, 2.4, 60), 20)
        n = effective(hit, user)
        for k, many in enumerate((n, 1200.0)):
            found = wilson(float(hit.mean()) * many, many)
            held = found.low <= 0.7 <= found.high
            covered, naive = covered + (held and k == 0), naive + (held and k == 1)
    assert covered >= 0.92 * 400
    assert naive < 0.85 * 400


def test_stability_by_hand() -> None:
    before, now = np.array([80.0, 20.0]), np.array([5.0, 5.0])
    wanted = (0.5 - 0.8) * np.log(0.5 / 0.8) + (0.5 - 0.2) * np.log(0.5 / 0.2)
    assert stability(before, now) == pytest.approx(wanted)
    assert stability(before, before / 7) == pytest.approx(0.0)
    assert stability(np.array([1.0, 0.0]), np.array([0.5, 0.5])) > 3.0  # an empty bin is no division by zero
    assert np.isnan(stability(before, np.zeros(2)))


def test_stability_where_nothing_changed(rng: np.random.Generator) -> None:
    p = np.array([0.4, 0.3, 0.15, 0.1, 0.05])
    limit = stability_by_chance(5, 2000, 500)
    assert limit == pytest.approx(chi2.ppf(0.95, 4) * (1 / 2000 + 1 / 500), rel=0.01)
    draws = [stability(rng.multinomial(2000, p) * 1.0, rng.multinomial(500, p) * 1.0) for _ in range(2000)]
    assert np.mean(np.array(draws) > limit) == pytest.approx(0.05, abs=0.015)
