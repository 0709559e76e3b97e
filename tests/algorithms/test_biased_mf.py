"""Biased matrix factorization against its stated objective, solved densely, one long least squares a vector."""

from dataclasses import replace

import numpy as np
import pytest

from tastemaker.algorithms import BiasedMF
from tastemaker.errors import DataError, TrainingError
from tastemaker.testing.worlds import World

from .made import STARS, asking, fit, likes_of, lopsided, ridge, world_of


def graded(rng, n_users=40, n_items=25, most=9):
    """Stars where somebody graded, NaN elsewhere; an item is good or bad, and so is everybody's mood."""
    seen = lopsided(rng, n_users, n_items, most) > 0
    joy = rng.normal(size=(n_users, 1)) + rng.normal(size=n_items)
    joy += rng.normal(size=(n_users, 2)) @ rng.normal(size=(2, n_items))
    return np.where(seen, np.clip(np.round(3.4 + joy), 1, 5), np.nan)


def signed(stars):
    """Preference in [-1, 1]"""
    return (stars - 3) / 2


def objective(r, mean, users, user_bias, items, item_bias, l2, damping, nu):
    """r (n_users, n_items), NaN = no grade."""
    seen = ~np.isnan(r)
    rest = r - mean - user_bias[:, None] - item_bias - users @ items.T
    total = (rest[seen] ** 2).sum()
    total += l2 * ((seen.sum(axis=1) + damping) ** nu * ((users**2).sum(axis=1) + user_bias**2)).sum()
    return total + l2 * ((seen.sum(axis=0) + damping) ** nu * ((items**2).sum(axis=1) + item_bias**2)).sum()


def half(r, mean, others, other_bias, l2, damping, nu):
    """Vectors and biases of the rows of r, each solved for alone; a row without grades stays at 0."""
    dim = others.shape[1]
    vectors, bias = np.zeros((len(r), dim)), np.zeros(len(r))
    for u, mine in enumerate(r):
        at = np.flatnonzero(~np.isnan(mine))
        rows = np.hstack([others[at], np.ones((len(at), 1))])
        targets, penalty = mine[at] - mean - other_bias[at], np.full(dim + 1, l2 * (len(at) + damping) ** nu)
        *vectors[u], bias[u] = ridge(rows, targets, np.ones(len(at)), penalty) if len(at) else np.zeros(dim + 1)
    return vectors, bias


def split(model):
    """Item vectors without their last coordinate, which is 1 for the user's bias; and item biases."""
    return model.items[:, :-1].astype(float), model.bias.astype(float)


@pytest.mark.parametrize(("damping", "nu"), [(0.0, 1.0), (5.0, 1.0), (2.0, 0.5)])
def test_epochs_are_those_of_the_dense_solver(damping, nu, rng):
    """From where one epoch ended, three more."""
    stars = graded(rng)
    r, settings = signed(stars), (0.2, damping, nu)
    short, long = (
        fit(BiasedMF(dim=4, epochs=epochs, l2=0.2, damping=damping, nu=nu), world_of(stars, "rating", STARS))
        for epochs in (1, 4)
    )
    mean = np.nanmean(r)
    assert long.mean == pytest.approx(mean)
    items, item_bias = split(short)
    for _ in range(3):
        users, user_bias = half(r, mean, items, item_bias, *settings)
        items, item_bias = half(r.T, mean, users, user_bias, *settings)
    rated = ~np.isnan(r).all(axis=0)
    np.testing.assert_allclose(long.bias, np.where(rated, item_bias, 0.0), atol=1e-4)
    np.testing.assert_allclose(long.items[rated], np.hstack([items, np.ones((len(items), 1))])[rated], atol=1e-4)
    users, user_bias = half(r, mean, items, item_bias, *settings)
    expected = mean + user_bias[:, None] + item_bias + users @ items.T
    found = long.score(asked_as(r))
    np.testing.assert_allclose(found[:, rated], expected[:, rated], atol=2e-4)


def asked_as(r):
    """The grades as queries; a grade in the middle is a rating of 0 that is there."""
    batch = asking(np.where(np.isnan(r), 0.0, np.where(r == 0, 9.0, r)))
    batch.ratings.data[batch.ratings.data == 9.0] = 0.0
    return batch


def test_the_objective_falls_every_epoch(rng):
    stars = graded(rng)
    r, values = signed(stars), []
    for epochs in range(7):
        model = fit(BiasedMF(dim=4, epochs=epochs, l2=0.1), world_of(stars, "rating", STARS))
        x = model.vectors(asked_as(r)).astype(float)
        values.append(objective(r, model.mean, x[:, :-1], x[:, -1], *split(model), 0.1, 5.0, 1.0))
    assert (np.diff(values) < 1e-4).all(), values
    assert values[-1] < 0.7 * values[0]


def test_a_grade_in_the_middle_is_a_grade(rng):
    """Three stars are a preference of 0, which a sparse matrix could lose."""
    stars = graded(rng)
    low = np.where(stars > 3, 3.0, stars)
    assert fit(BiasedMF(dim=2), world_of(low, "rating", STARS)).mean == pytest.approx(np.nanmean(signed(low)))
    all_middle = fit(BiasedMF(dim=2), world_of(np.where(stars > 0, 3.0, np.nan), "rating", STARS))
    np.testing.assert_array_equal(all_middle.bias, np.zeros(25))
    assert all_middle.mean == 0.0


def test_who_graded_once_and_what_nobody_graded_get_finite_predictions(rng):
    stars = graded(rng)
    stars[3] = np.nan
    stars[3, 5] = 5.0
    model = fit(BiasedMF(dim=4), world_of(stars, "rating", STARS))
    scores = model.score(asked_as(signed(stars)))
    assert np.isfinite(scores).all()
    unrated = np.isnan(stars).all(axis=0)
    assert unrated.any()
    own = model.mean + model.vectors(asked_as(signed(stars)))[:, -1:]  # the mean, and the user's bias
    np.testing.assert_allclose(scores[:, unrated], np.broadcast_to(own, scores[:, unrated].shape), atol=1e-6)
    np.testing.assert_allclose(scores[0], model.mean + model.bias, atol=1e-6)  # who said nothing: the mean and the item
    assert scores[3, 5] > scores[0, 5]


def test_the_latest_grade_counts(rng):
    """An edited grade is not two."""
    stars = graded(rng)
    world = world_of(stars, "rating", STARS)
    events = world.data.events
    first = np.arange(len(events)) % 3 == 0
    both = events.where(np.r_[np.flatnonzero(first), np.arange(len(events))])
    early = np.arange(len(both)) < first.sum()
    edited = replace(both, value=np.where(early, 6 - both.value, both.value), time=np.where(early, 1, 2))
    twice = World(replace(world.data, events=edited), world.features)
    a, b = fit(BiasedMF(dim=3), world), fit(BiasedMF(dim=3), twice)
    np.testing.assert_array_equal(a.items, b.items)
    np.testing.assert_array_equal(a.bias, b.bias)


def test_only_likes_are_refused_by_name(rng):
    with pytest.raises(TrainingError, match=r"BiasedMF learns from grades, .*For likes and plays use"):
        fit(BiasedMF(), likes_of(lopsided(rng, 9, 8)))


@pytest.mark.parametrize("bad", [np.inf, -np.inf])
def test_a_grade_that_is_no_number_is_refused_by_name(bad, rng):
    stars = graded(rng)
    stars[7, 4] = bad
    with pytest.raises(DataError, match=f"User 'user 7' graded item 'item 4' with {bad:g}, which is no number .1 such"):
        fit(BiasedMF(), world_of(stars, "rating", STARS))


def test_no_regularization_is_refused(rng):
    """Training might get by without it; a stranger with one grade would get no number."""
    with pytest.raises(TrainingError, match=r"l2 above 0.* it is 0\."):
        fit(BiasedMF(dim=20, l2=0.0), world_of(graded(rng), "rating", STARS))
