"""Foretelling, against sums written out by hand, and a scorer whose answers are known."""

import numpy as np
import pytest

from tastemaker.data.catalog import Catalog
from tastemaker.data.dataset import Dataset, Scale
from tastemaker.data.events import events_of
from tastemaker.data.vocab import Vocab
from tastemaker.evaluate import better_by, foretell, judge_outcomes
from tastemaker.metrics import calibration_curve, calibration_error, outcome_losses
from tastemaker.scorers import Calibrated, Popularity


def world(seed: int = 3, n: int = 400) -> Dataset:
    rng = np.random.default_rng(seed)
    item = rng.integers(0, 9, n)
    stars = np.clip(np.rint(rng.normal(1.0 + item / 2.5, 0.8)), 1, 5)
    events = events_of(rng.integers(0, 12, n), item, stars, "rating", time=np.sort(rng.integers(0, 10_000, n)))
    names = tuple(f"i{j}" for j in range(9))
    catalog = Catalog(Vocab(names), names)
    return Dataset(events, catalog, Vocab(tuple(f"u{j}" for j in range(12))), scales={"rating": Scale(1, 5, 4)})


def knows_items(data: Dataset) -> Calibrated:
    signed = data.signed()
    means = np.array([signed[data.events.item == i].mean() for i in range(len(data.catalog))], np.float32)
    return Calibrated(Popularity(means), 1.0, 0.0, 4.0, -1.0)


def test_losses_are_those_of_their_definitions() -> None:
    value, chance = np.array([0.5, np.nan, -0.2], np.float32), np.array([0.9, np.nan, 0.6], np.float32)
    actual, liked = np.array([1.0, -1.0, -0.6], np.float32), np.array([True, False, False])
    found = outcome_losses(value, chance, actual, liked)
    assert found["accuracy"].tolist() == [1.0, 0.0, 0.0]  # who cannot say is not right
    np.testing.assert_allclose(found["squared error"], [0.25, 1.0, 0.16], rtol=1e-6)
    np.testing.assert_allclose(found["log loss"], [-np.log(0.9), np.log(2), -np.log(0.4)], rtol=1e-6)
    np.testing.assert_allclose(found["brier"], [0.01, 0.25, 0.36], rtol=1e-5)


def test_calibration_error_by_hand() -> None:
    chance = np.array([0.05, 0.05, 0.95, 0.95, np.nan], np.float32)
    liked = np.array([False, True, True, True, True])
    np.testing.assert_allclose(calibration_curve(chance, liked), [[0.05, 0.5, 2], [0.95, 1.0, 2]], rtol=1e-6)
    assert calibration_error(chance, liked) == pytest.approx((0.45 + 0.05) / 2)
    assert np.isnan(calibration_error(chance[4:], liked[4:]))


def test_a_report_says_what_plain_sums_say() -> None:
    data = world()
    asked = np.arange(300, 400)
    report = judge_outcomes(knows_items(data), data, asked, np.random.default_rng(0))
    found = report.foretold
    stars, said = data.events.value[asked], 1 + 2 * (found.value + 1)
    assert report.metrics["rmse"].mean == pytest.approx(np.sqrt(np.mean((stars - said) ** 2)), rel=1e-5)
    assert report.metrics["accuracy"].mean == pytest.approx(np.mean((found.chance >= 0.5) == (stars >= 4)))
    assert report.metrics["accuracy"].low < report.metrics["accuracy"].mean < report.metrics["accuracy"].high
    guess = np.mean(data.events.value[:300])
    assert report.floor["rmse"] == pytest.approx(np.sqrt(np.mean((stars - guess) ** 2)), rel=1e-4)
    assert report.n_users == len(np.unique(data.events.user[asked]))
    assert report.silent == 0.0


def test_nothing_of_the_future_is_known() -> None:
    data, asked = world(), np.arange(300, 400)
    known = foretell(knows_items(data), data, asked).known
    assert known.max() <= 9  # items, not events
    frozen = foretell(knows_items(data), data, asked, until=int(data.events.time[300]))
    assert (frozen.known <= known).all()
    assert frozen.known.sum() < known.sum()


def test_the_better_model_is_said_to_be_better_whichever_way_the_metric_runs() -> None:
    data, asked, rng = world(), np.arange(200, 400), np.random.default_rng(1)
    good = foretell(knows_items(data), data, asked)
    bad = foretell(Calibrated(Popularity(np.zeros(9, np.float32)), 0.0, 0.3, 0.0, 0.0), data, asked)
    for metric in ("accuracy", "rmse", "log loss"):
        lift = better_by(metric, good, bad, rng, unit=2.0)
        assert lift.low > 0.0, metric
        back = better_by(metric, bad, good, rng, unit=2.0)
        assert back.mean == pytest.approx(-lift.mean)
    same = better_by("rmse", good, good, rng)
    assert (same.low, same.mean, same.high) == (0.0, 0.0, 0.0)
