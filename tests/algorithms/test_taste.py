from dataclasses import replace

import numpy as np
import pytest

from tastemaker.algorithms.taste import STATED, WIDE, fit_prior
from tastemaker.data.dataset import Scale
from tastemaker.data.events import events_of
from tastemaker.data.features import TASTES
from tastemaker.errors import TrainingError
from tastemaker.testing import one_user, without_tastes


def test_the_prior_is_the_mean_and_covariance_of_complete_profiles(world):
    prior = fit_prior(*world)
    complete = [row for row in world.data.profiles.astype(float) if not np.isnan(row).any()]
    mean = sum(complete) / len(complete)
    covariance = sum(np.outer(row - mean, row - mean) for row in complete) / (len(complete) - 1)
    np.testing.assert_allclose(prior.mean, mean, rtol=1e-5)
    np.testing.assert_allclose(
        np.linalg.inv(prior.precision.astype(float)), covariance + 1e-4 * np.eye(5), rtol=1e-2, atol=1e-5
    )
    np.testing.assert_allclose(prior.center, world.features.block(TASTES).mean(axis=0), rtol=1e-5)
    assert prior.stated == STATED**2


def test_slope_and_noise_are_found_again(world):
    """Ratings made with slope 2 and noise .2 along the membership."""
    rng = np.random.default_rng(0)
    data, features = world
    profiles = rng.random((len(data.users), 5)).astype(np.float32)
    user, item = rng.integers(0, len(data.users), 4000), rng.integers(0, len(features), 4000)
    membership = features.block(TASTES)
    looks = membership - membership.mean(axis=0)
    signed = 0.6 * (looks[item] * profiles[user]).sum(axis=1) + rng.normal(0.0, 0.2, 4000)
    events = events_of(user, item, signed.astype(np.float32), "rating")
    made = replace(data, events=events, profiles=profiles, scales={"rating": Scale(worst=-1.0, best=1.0)})
    prior = fit_prior(made, features)
    assert prior.slope == pytest.approx(0.6, abs=0.03)
    assert prior.noise == pytest.approx(0.04, abs=0.004)


def test_nobody_who_states_tastes_leaves_a_wide_prior(world):
    silent = replace(world.data, profiles=np.full_like(world.data.profiles, np.nan))
    prior = fit_prior(silent, world.features)
    np.testing.assert_array_equal(prior.mean, np.full(5, 0.5, np.float32))
    np.testing.assert_allclose(np.linalg.inv(prior.precision), WIDE**2 * np.eye(5), rtol=1e-5)
    assert prior.slope > 0.0


def test_users_and_features_that_know_other_tastes_are_refused(world):
    with pytest.raises(TrainingError, match="can state 0 tastes, but the features know 5"):
        fit_prior(without_tastes(world).data, world.features)


@pytest.mark.parametrize("cut", [without_tastes, one_user])
def test_poorer_worlds_have_a_prior_too(world, cut):
    poorer = cut(world)
    prior = fit_prior(*poorer)
    assert prior.mean.shape == (len(poorer.features.tastes),)
    assert np.isfinite([prior.slope, prior.noise]).all()
    assert prior.noise > 0.0
