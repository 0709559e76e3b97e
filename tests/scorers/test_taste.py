from dataclasses import replace

import numpy as np
import pytest
from numpy.linalg import inv

from tastemaker.testing import grown, without_tastes
from tastemaker.testing.worlds import questions

from .made import taste_prior


def textbook(prior, profile, rated):
    """Condition the joint Gaussian of tastes and observations on the observations (Bishop 2006, eq. 2.81-2.82).

    Another way than the module's: covariances instead of precisions, one dense matrix of looks a query.
    """
    covariance, looks, seen, noise = inv(prior.precision.astype(float)), [], [], []
    for f, t in enumerate(profile):
        if not np.isnan(t):
            looks.append([1.0 if k == f else 0.0 for k in range(prior.p)])
            seen.append(float(t))
            noise.append(prior.stated)
    for i, value in rated:
        looks.append(
            [prior.slope * (float(m) - float(c)) for m, c in zip(prior.membership[i], prior.center, strict=True)]
        )
        seen.append(value)
        noise.append(prior.noise)
    mean = prior.mean.astype(float)
    if not looks:
        return mean, np.sqrt(np.diag(covariance))
    h = np.array(looks)
    gain = covariance @ h.T @ inv(h @ covariance @ h.T + np.diag(noise))
    after = covariance - gain @ h @ covariance
    return mean + gain @ (np.array(seen) - h @ mean), np.sqrt(np.diag(after))


def test_inference_is_textbook_conditioning(world, asked):
    prior = taste_prior(world.features)
    tastes, spread = prior.infer_batch(asked)
    for q in range(len(asked)):
        row = asked.evidence()[[q]]
        mean, deviation = textbook(prior, asked.profile[q], list(zip(row.indices, row.data.astype(float), strict=True)))
        np.testing.assert_allclose(tastes[q], mean, atol=1e-4)
        np.testing.assert_allclose(spread[q], deviation, atol=1e-4)


def test_a_neutral_rating_is_an_observation(world, asked):
    """Query 4 rates item 8 with exactly 0: that pulls the estimate, and forgetting it would not."""
    prior = taste_prior(world.features)
    dense = asked.ratings[[4]].toarray()[0]
    assert 8 in asked.ratings[[4]].indices
    assert dense[8] == 0.0
    without = [(i, float(dense[i])) for i in (1, 6)]
    tastes, _ = prior.infer_batch(asked)
    assert np.abs(tastes[4] - textbook(prior, asked.profile[4], without)[0]).max() > 1e-3


def test_shares_sum_to_what_was_learned(world, asked):
    prior = taste_prior(world.features)
    tastes, _ = prior.infer_batch(asked)
    for q in range(len(asked)):
        names, shares = prior.shares(asked, q)
        stated = [("taste", f) for f in np.flatnonzero(~np.isnan(asked.profile[q]))]
        assert names == stated + [("item", i) for i in asked.evidence()[[q]].indices]
        assert shares.shape == (len(names), prior.p)
        np.testing.assert_allclose(shares.sum(axis=0), tastes[q] - prior.mean, atol=1e-5)


def test_nothing_known_is_the_prior(world, asked):
    prior = taste_prior(world.features)
    tastes, spread = prior.infer_batch(asked.take(slice(0, 1)))
    np.testing.assert_allclose(tastes[0], prior.mean, rtol=1e-6)
    np.testing.assert_allclose(spread[0], np.sqrt(np.diag(inv(prior.precision.astype(float)))), rtol=1e-4)


def test_more_evidence_is_never_less_sure(world, asked):
    prior = taste_prior(world.features)
    _, spread = prior.infer_batch(asked)
    assert (spread[1:] <= spread[0] + 1e-6).all()


def test_stating_a_taste_moves_it_there(world, asked):
    prior = replace(taste_prior(world.features), stated=1e-6)
    tastes, _ = prior.infer_batch(asked)
    stated = ~np.isnan(asked.profile)
    assert tastes[stated] == pytest.approx(asked.profile[stated], abs=1e-2)


def test_a_world_without_tastes_infers_nothing(world):
    bare = without_tastes(world)
    prior, batch = taste_prior(bare.features), questions(bare)
    assert all(found.shape == (len(batch), 0) for found in prior.infer_batch(batch))
    assert prior.shares(batch, 5)[1].shape[1] == 0


def test_new_items_are_looked_at_like_old_ones(world):
    features = grown(world.features, 2)
    np.testing.assert_array_equal(taste_prior(world.features).with_items(features).membership, features.block("tastes"))
