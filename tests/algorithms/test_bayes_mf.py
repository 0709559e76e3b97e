"""Bayesian matrix factorisation against its stated model in slow loops; and what one grade or none is worth."""

from dataclasses import replace

import numpy as np
import pytest

from tastemaker.algorithms import BayesMF
from tastemaker.algorithms.bayes_mf import FIRM
from tastemaker.data.features import Features
from tastemaker.errors import TrainingError
from tastemaker.testing.worlds import World
from tastemaker.watch import Watch

from .made import STARS, asking, likes_of, lopsided, world_of
from .test_biased_mf import graded, signed


def with_content(world, rng, d=3):
    block = rng.normal(size=(len(world.features), d)).astype(np.float32)
    return World(world.data, Features(world.features.items, {"text": block}))


def learned(world, seed=0, **settings):
    return BayesMF(**settings).learned(world.data, world.features, np.random.default_rng(seed), Watch())


def slow(r, content, epochs, dim, l2, init=0.1):
    """The docstring, an element at a time; r (n_users, n_items), NaN = no grade."""
    rng, (n_users, n_items), k = np.random.default_rng(0), r.shape, dim + 1
    seen = ~np.isnan(r)
    mean, variance = np.nanmean(r), np.nanvar(r) + 1e-6
    w = np.hstack([np.zeros((n_items, 1)), rng.normal(0, init, (n_items, dim))])
    spread, f = np.zeros((n_items, k)), np.hstack([np.ones((n_items, 1)), content])
    users = np.diag([1 / (0.2 * variance)] + [1 / variance] * dim)
    items = np.diag([1 / (0.2 * variance)] + [1 / 0.05] * dim)
    weights, noise, rated = np.zeros((f.shape[1], k)), 0.7 * variance, seen.any(axis=0)
    penalty = np.diag([1e-2] + [l2] * content.shape[1])
    for epoch in range(epochs):
        x, cov = np.zeros((n_users, k)), np.zeros((n_users, k, k))
        for u in range(n_users):
            a, h = users.copy(), np.zeros(k)
            for i in np.flatnonzero(seen[u]):
                z = np.r_[1.0, w[i, 1:]]
                a += (np.outer(z, z) + np.diag(np.r_[0.0, spread[i, 1:]])) / noise
                h += z * (r[u, i] - mean - w[i, 0]) / noise
            cov[u] = np.linalg.inv(a)
            x[u] = cov[u] @ h
        some = seen.any(axis=1)
        if epoch > 1:
            second = np.einsum("uf,ug->fg", x[some], x[some]) + cov[some].sum(axis=0)
            users = np.linalg.inv((second + FIRM * np.eye(k)) / (some.sum() + FIRM))
        expected, lost = f @ weights, 0.0
        for i in range(n_items):
            a, h = items.copy(), items @ expected[i]
            for u in np.flatnonzero(seen[:, i]):
                row, more = np.r_[1.0, x[u, 1:]], cov[u].copy()
                more[0], more[:, 0] = 0.0, 0.0
                a += (np.outer(row, row) + more) / noise
                h += (row * (r[u, i] - mean - x[u, 0]) - np.r_[0.0, cov[u, 0, 1:]]) / noise
            inverse = np.linalg.inv(a)
            w[i], spread[i] = inverse @ h, np.diag(inverse)
            for u in np.flatnonzero(seen[:, i]):
                # E (y - w . row - x_0)^2 by the moments of both posteriors, [bias, vector] and [x_0, x]
                z, sz = np.r_[1.0, w[i, 1:]], np.diag(np.r_[0.0, spread[i, 1:]])
                error = r[u, i] - mean - w[i, 0] - z @ x[u]
                lost += error**2 + spread[i, 0] + z @ cov[u] @ z + x[u] @ sz @ x[u] + np.trace(sz @ cov[u])
        if epoch > 1:
            weights = np.linalg.solve(f[rated].T @ f[rated] + penalty, f[rated].T @ w[rated])
            rest = (w - f @ weights)[rated]
            moment = (rest.T @ rest + np.diag(spread[rated].sum(axis=0))) / len(rest)
            items = np.linalg.inv(moment + np.linalg.inv(items) * 1e-3)
        noise = lost / seen.sum()
    return mean, w[:, 0], w[:, 1:], users, noise


def test_epochs_are_those_of_slow_loops(rng):
    stars = graded(rng)
    world = with_content(world_of(stars, "rating", STARS), rng)
    found = learned(world, dim=2, epochs=6, l2=2.0)
    mean, bias, items, users, noise = slow(signed(stars), world.features.block("text"), 6, 2, 2.0)
    rated = ~np.isnan(stars).all(axis=0)
    assert found.mean == pytest.approx(mean, abs=1e-6)
    np.testing.assert_allclose(found.bias[rated], bias[rated], atol=1e-5)
    np.testing.assert_allclose(found.items[rated, 1:], items[rated], atol=1e-5)
    np.testing.assert_allclose(found.prior, users, rtol=1e-4)
    assert found.noise == pytest.approx(noise, rel=1e-4)


def test_a_new_item_is_where_its_content_puts_it(rng):
    """The worth of an item is told by its text: one that nobody graded is foretold nearly as well."""
    content = rng.normal(size=(60, 2))
    stars = np.clip(np.round(3 + content @ [1.0, -0.8] + rng.normal(0, 0.4, (80, 60))), 1, 5)
    stars[rng.random(stars.shape) < 0.6] = np.nan
    stars[:, 50:] = np.nan
    world = world_of(stars, "rating", STARS)
    found = learned(World(world.data, Features(world.features.items, {"text": content.astype(np.float32)})), dim=2)
    nobody = asking(np.zeros((1, 60)))
    assert np.corrcoef(found.score(nobody)[0, 50:], content[50:] @ [1.0, -0.8])[0, 1] > 0.95


def test_one_grade_moves_the_answer_towards_it_and_others_like_it(rng):
    stars = graded(rng, n_users=80)
    model = BayesMF(dim=2).fit(*world_of(stars, "rating", STARS), np.random.default_rng(0), Watch())
    told = np.zeros((3, 25))
    told[1, 4], told[2, 4] = -1.0, 1.0
    nothing, low, high = model.score(asking(told))
    assert np.isfinite([nothing, low, high]).all()
    assert (low < high).mean() > 0.9
    assert low[4] < nothing[4] < high[4]
    chances = model.predict(asking(told)).like
    assert (chances[1] < chances[2]).mean() > 0.9


def test_only_likes_are_refused_by_name(rng):
    with pytest.raises(TrainingError, match=r"BayesMF learns from grades"):
        learned(likes_of(lopsided(rng, 9, 8)))


def test_no_regularization_is_refused(rng):
    with pytest.raises(TrainingError, match=r"l2 above 0"):
        learned(world_of(graded(rng), "rating", STARS), l2=0.0)


def test_the_order_of_events_does_not_matter(rng):
    world = world_of(graded(rng), "rating", STARS)
    shuffled = replace(world.data, events=world.data.events.where(rng.permutation(len(world.data))))
    a, b = learned(world, dim=2, epochs=4), learned(World(shuffled, world.features), dim=2, epochs=4)
    np.testing.assert_array_equal(a.items, b.items)
