import numpy as np
import pytest
from scipy.special import expit

from tastemaker.algorithms import BPR, calibrate
from tastemaker.algorithms.views import lists_of
from tastemaker.metrics import spearman
from tastemaker.scorers import Popularity
from tastemaker.testing.worlds import asks
from tastemaker.watch import Watch


@pytest.fixture
def fitted(world):
    return BPR(dim=8, epochs=10).fit(*world, np.random.default_rng(0), Watch())


def test_predictions_rise_with_the_score_and_agree_with_what_users_said(world, fitted):
    model, lists = calibrate(fitted, world.data, np.random.default_rng(1)), lists_of(world.data)
    assert model.slope > 0.0
    assert model.a > 0.0
    found = model.predict(asks(lists.profile, lists.n_items), lists.items)
    known = lists.items >= 0
    assert found.value[known].mean() == pytest.approx(lists.signed[known].mean(), abs=0.1)
    assert found.like[known].mean() == pytest.approx((lists.signed[known] > 0).mean(), abs=0.1)
    assert np.nanmean(spearman(found.value, np.where(known, lists.signed, np.nan))) > 0.3


def test_platt_scaling_is_at_the_top_of_its_likelihood():
    """The derivatives of the likelihood of Platt 1999, eq. 1, vanish at the parameters found."""
    from tastemaker.algorithms.calibrate import _platt

    rng = np.random.default_rng(0)
    score = rng.normal(3.0, 2.0, 2000)
    liked = rng.random(2000) < expit(1.5 * score - 4.0)
    a, b = _platt(score, liked)
    assert (a, b) == pytest.approx((1.5, -4.0), abs=0.4)
    n_liked, n_not = liked.sum(), (~liked).sum()
    target = np.where(liked, (n_liked + 1) / (n_liked + 2), 1 / (n_not + 2))
    wrong = expit(a * score + b) - target
    assert [wrong.mean(), (wrong * score).mean()] == pytest.approx([0.0, 0.0], abs=1e-4)


def test_a_scorer_that_says_the_same_of_all_items_gets_the_mean(world):
    model = calibrate(Popularity(np.zeros(40, np.float32)), world.data, np.random.default_rng(0))
    assert (model.slope, model.a) == (0.0, 0.0)
    assert -1.0 <= model.intercept <= 1.0


def test_nobody_to_calibrate_on_predicts_neither(world, fitted, asked):
    nothing = world.data.where(np.zeros(len(world.data), bool))
    found = calibrate(fitted, nothing, np.random.default_rng(0)).predict(asked)
    assert (found.value == 0.0).all()
    assert (found.like == 0.5).all()
