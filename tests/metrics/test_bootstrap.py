import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import bootstrap, norm

from tastemaker.metrics import Interval, interval, intervals, paired, share

from ..kernels.test_bootstrap import slow_rows

NAN = float("nan")
users = st.lists(st.one_of(st.floats(-5, 5), st.just(NAN)), min_size=1, max_size=20).map(np.array)


def seeded():
    return np.random.default_rng(3)


def drawn(n, rounds):
    """The rows of each round that a call with `seeded()` draws first."""
    return slow_rows(n, rounds, int(seeded().integers(2**63)))


@given(users)
def test_the_mean_lies_in_its_interval_or_nobody_could_be_judged(per_user):
    found = interval(per_user, seeded(), rounds=50)
    known = per_user[~np.isnan(per_user)]
    if len(known) == 0:
        assert np.isnan([found.mean, found.low, found.high]).all()
        return
    assert found.mean == pytest.approx(known.mean())
    assert known.min() - 1e-9 <= found.low <= found.high <= known.max() + 1e-9


def test_it_is_the_slow_loop_with_the_same_draws():
    per_user = np.array([0.9, NAN, 0.1, 0.4, 0.2, 0.2])
    known = [0.9, 0.1, 0.4, 0.2, 0.2]
    means = [np.mean([known[j] for j in row]) for row in drawn(5, 200)]
    found = interval(per_user, seeded(), rounds=200, level=0.9)
    assert (found.low, found.high) == pytest.approx((np.percentile(means, 5), np.percentile(means, 95)))


def test_it_agrees_with_scipy_and_with_the_normal_law():
    per_user = np.random.default_rng(1).gamma(2.0, 1.0, 400)
    found = interval(per_user, seeded(), rounds=4000)
    other = bootstrap((per_user,), np.mean, method="percentile", n_resamples=4000, rng=seeded()).confidence_interval
    assert (found.low, found.high) == pytest.approx((other.low, other.high), abs=0.015)
    half = norm.ppf(0.975) * per_user.std() / 20
    assert (found.low, found.high) == pytest.approx((per_user.mean() - half, per_user.mean() + half), abs=0.015)


def test_a_sure_thing_has_a_narrow_interval_and_more_level_a_wider_one():
    assert interval(np.full(9, 0.3), seeded()) == Interval(*[pytest.approx(0.3)] * 3)
    assert interval(np.array([0.7]), seeded()) == Interval(0.7, 0.7, 0.7)
    per_user = np.random.default_rng(0).random(50)
    narrow, wide = interval(per_user, seeded(), level=0.5), interval(per_user, seeded(), level=0.99)
    assert wide.low < narrow.low < narrow.high < wide.high


def test_a_pair_is_narrower_than_two_intervals():
    rng = np.random.default_rng(0)
    ability = rng.normal(0.0, 1.0, 200)
    a, b = ability + 0.1 + rng.normal(0.0, 0.05, 200), ability + rng.normal(0.0, 0.05, 200)
    a[3], b[5] = NAN, NAN
    found = paired(a, b, seeded())
    assert 0.0 < found.low < 0.1 < found.high
    assert found.mean == pytest.approx(np.nanmean(a - b))
    assert interval(a, seeded()).low < interval(b, seeded()).high


def test_the_share_of_the_way_is_exact_where_users_agree():
    floor, ceiling = np.array([0.0, 0.1, 0.2, NAN]), np.array([0.5, 0.6, 0.7, 0.9])
    model = floor + 0.8 * (ceiling - floor)
    found = share(model, floor, ceiling, seeded())
    assert (found.mean, found.low, found.high) == pytest.approx((0.8, 0.8, 0.8))


def test_the_share_is_its_slow_loop():
    rng = np.random.default_rng(7)
    model, floor, ceiling = rng.normal(0.6, 0.2, 30), rng.normal(0.0, 0.2, 30), rng.normal(0.8, 0.2, 30)
    ratios = []
    for row in drawn(30, 300):
        m, f, c = (np.mean([x[j] for j in row]) for x in (model, floor, ceiling))
        ratios.append((m - f) / (c - f))
    found = share(model, floor, ceiling, seeded(), rounds=300)
    assert found.mean == pytest.approx((model.mean() - floor.mean()) / (ceiling.mean() - floor.mean()))
    assert (found.low, found.high) == pytest.approx(tuple(np.percentile(ratios, [2.5, 97.5])))


def test_no_way_to_go_is_nan():
    same = np.array([0.4, 0.5])
    assert np.isnan(share(same, same, same, seeded()).mean)
    assert np.isnan(share(same, same, np.array([NAN, NAN]), seeded()).low)


@given(st.integers(1, 12), st.lists(st.sampled_from("abc"), min_size=1, max_size=5), st.data())
def test_many_metrics_at_once_are_each_metric_over_the_users_it_knows(n, kinds, data):
    """Columns of one kind miss the same users; one seed is drawn a kind, in order of appearance."""
    missing = {kind: data.draw(st.lists(st.booleans(), min_size=n, max_size=n)) for kind in "abc"}
    values = np.random.default_rng(n).normal(size=(n, len(kinds)))
    for c, kind in enumerate(kinds):
        values[missing[kind], c] = NAN
    found = intervals(values, seeded(), rounds=20)
    rng, seeds = seeded(), {}
    for c, kind in enumerate(kinds):
        known = values[~np.isnan(values[:, c]), c]
        if len(known) == 0:
            assert np.isnan([found[c].mean, found[c].low, found[c].high]).all()
            continue
        if tuple(missing[kind]) not in seeds:
            seeds[tuple(missing[kind])] = int(rng.integers(2**63))
        means = known[slow_rows(len(known), 20, seeds[tuple(missing[kind])])].mean(axis=1)
        wanted = (known.mean(), *np.percentile(means, [2.5, 97.5]))
        assert (found[c].mean, found[c].low, found[c].high) == pytest.approx(wanted)


def test_one_metric_alone_is_the_same_as_among_others():
    values = np.random.default_rng(0).random((40, 3))
    together = intervals(values, seeded())
    for c in range(3):
        assert interval(values[:, c], seeded()) == together[c]


def test_no_metric_has_no_interval():
    assert intervals(np.zeros((4, 0)), seeded()) == []
    assert np.isnan(intervals(np.zeros((0, 2)), seeded())[1].low)
