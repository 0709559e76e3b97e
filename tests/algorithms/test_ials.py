"""iALS against its objective, as Rendle et al. 2022 state it (eq. 4-5), solved as one long least squares a vector."""

from dataclasses import replace

import numpy as np
import pytest

from tastemaker.algorithms import IALS
from tastemaker.errors import TrainingError
from tastemaker.watch import Watch

from .made import asking, fit, likes_of, lopsided, ridge


def objective(c, x, v, alpha0, l2, nu):
    """c (n_users, n_items): weight of each like, 0 = none."""
    scores, liked = x @ v.T, c > 0
    fitted = (c * (1.0 - scores) ** 2)[liked].sum() + alpha0 * (scores**2).sum()
    l2_user = l2 * (liked.sum(axis=1) + alpha0 * c.shape[1]) ** nu
    l2_item = l2 * (liked.sum(axis=0) + alpha0 * c.shape[0]) ** nu
    return fitted + l2_user @ (x**2).sum(axis=1) + l2_item @ (v**2).sum(axis=1)


def half(c, v, alpha0, l2, nu):
    """The rows of c solved for, one at a time: a like is an observation of 1, each pair one of 0 of weight alpha0."""
    found = np.zeros((len(c), v.shape[1]))
    for u, mine in enumerate(c):
        at = np.flatnonzero(mine)
        targets, weights = np.r_[np.ones(len(at)), np.zeros(len(v))], np.r_[mine[at], np.full(len(v), alpha0)]
        penalty = np.full(v.shape[1], l2 * (len(at) + alpha0 * len(v)) ** nu)
        if len(at):
            found[u] = ridge(np.vstack([v[at], v]), targets, weights, penalty)
    return found


def slow(c, v, epochs, *settings):
    """Item vectors after these epochs from v."""
    for _ in range(epochs):
        v = half(c.T, half(c, v, *settings), *settings)
    return v


def drawn(algorithm, likes, seed=0):
    """The item vectors that training starts from."""
    matrix = asking(likes).ratings
    return replace(algorithm, epochs=0)._learned(matrix, np.random.default_rng(seed), Watch()).astype(float)


@pytest.mark.parametrize("nu", [0.0, 0.5, 1.0])
@pytest.mark.parametrize("solver", ["exact", "cg"])
def test_epochs_are_those_of_the_dense_solver(nu, solver, rng):
    likes = lopsided(rng, 40, 25)
    algorithm = IALS(dim=5, epochs=3, alpha0=0.2, l2=0.05, nu=nu, solver=solver, steps=30)
    v = slow(likes, drawn(algorithm, likes), 3, 0.2, 0.05, nu)
    expected = half(likes, v, 0.2, 0.05, nu) @ v.T
    expected[~likes.any(axis=1)] = np.nan
    expected[:, ~likes.any(axis=0)] = np.nan
    found = fit(algorithm, likes_of(likes)).score(asking(likes))
    np.testing.assert_allclose(found, expected, atol=2e-4)


def test_the_dense_solver_would_see_another_regularization(rng):
    """The exponent matters on this data: else the test above could not tell one from the other."""
    likes = lopsided(rng, 40, 25)
    v = {nu: slow(likes, drawn(IALS(dim=5), likes), 3, 0.2, 0.05, nu) for nu in (0.0, 0.5, 1.0)}
    scores = {nu: half(likes, v[nu], 0.2, 0.05, nu) @ v[nu].T for nu in v}
    assert np.abs(scores[0.0] - scores[0.5]).max() > 0.02
    assert np.abs(scores[0.5] - scores[1.0]).max() > 0.02


@pytest.mark.parametrize("solver", ["exact", "cg"])
def test_the_objective_falls_every_epoch(solver, rng):
    likes = lopsided(rng, 50, 30)
    world, values = likes_of(likes), []
    for epochs in range(9):
        model = fit(IALS(dim=6, epochs=epochs, alpha0=0.1, l2=0.02, solver=solver, steps=1), world)
        values.append(objective(likes, model.vectors(asking(likes)).astype(float), model.items, 0.1, 0.02, 1.0))
    assert (np.diff(values) < 1e-4).all(), values
    assert values[-1] < 0.7 * values[0]


def test_it_ends_where_no_move_lowers_the_objective(rng):
    """Central differences of the whole objective, in every coordinate of every vector."""
    likes = lopsided(rng, 20, 12)
    model = fit(IALS(dim=3, epochs=300, alpha0=0.3, l2=0.1, nu=0.7, solver="exact"), likes_of(likes))
    both = model.vectors(asking(likes)).astype(float), model.items.astype(float)
    for side in (0, 1):
        for at in np.ndindex(both[side].shape):
            moved = []
            for h in (1e-3, -1e-3):
                there = [a.copy() for a in both]
                there[side][at] += h
                moved.append(objective(likes, *there, 0.3, 0.1, 0.7))
            assert abs(moved[0] - moved[1]) / 2e-3 < 5e-3


def test_a_training_user_is_solved_for_as_in_training(rng):
    likes = lopsided(rng, 40, 25)
    model = fit(IALS(dim=5, epochs=4, alpha0=0.2, l2=0.05, nu=0.8), likes_of(likes))
    expected = half(likes, model.items.astype(float), 0.2, 0.05, 0.8)
    np.testing.assert_allclose(model.vectors(asking(likes)), expected, atol=1e-5)


def test_the_gram_matrix_of_the_items_is_the_spectrum(rng):
    model = fit(IALS(dim=5, epochs=4, alpha0=0.2), likes_of(lopsided(rng, 40, 25)))
    np.testing.assert_allclose(0.2 * model.items.T @ model.items, np.diag(model.spectrum), atol=1e-5)


def test_counts_weigh_as_their_logarithm(rng):
    likes = lopsided(rng, 40, 25)
    plays = likes * rng.integers(1, 30, likes.shape)
    algorithm = IALS(dim=5, epochs=3, alpha0=0.2, l2=0.05, solver="exact")
    world, c = likes_of(plays, "play"), np.where(likes, 1.0 + np.log(np.maximum(plays, 1.0)), 0.0)
    v = slow(c, drawn(algorithm, likes), 3, 0.2, 0.05, 1.0)
    asked = asking(likes)
    known = likes.any(axis=0)
    found = fit(replace(algorithm, counts=True), world).score(asked)[1:, known]
    np.testing.assert_allclose(found, (half(likes, v, 0.2, 0.05, 1.0) @ v.T)[1:, known], atol=2e-4)
    once = fit(algorithm, world).score(asked)[1:, known]
    np.testing.assert_array_equal(once, fit(algorithm, likes_of(likes)).score(asked)[1:, known])
    assert np.abs(found - once).max() > 0.02


def test_part_of_a_play_still_speaks_for_an_item(rng):
    """A count of 0.2 has a negative logarithm: it must not become a weight below that of no event."""
    likes = lopsided(rng, 40, 25)
    for solver in ("cg", "exact"):
        algorithm = IALS(dim=5, epochs=3, counts=True, solver=solver)
        found = fit(algorithm, likes_of(likes * 0.2, "play")).score(asking(likes))
        np.testing.assert_array_equal(found, fit(algorithm, likes_of(likes)).score(asking(likes)))


def test_no_regularization_is_refused(rng):
    """Conjugate gradient would learn without it, and every stranger's exact solution would be no number."""
    with pytest.raises(TrainingError, match=r"l2 above 0.* it is 0\."):
        fit(IALS(dim=30, l2=0.0), likes_of(lopsided(rng, 9, 12)))
