"""Factors against the docstring's objective, solved as one long least squares a query."""

import numpy as np
import pytest

from tastemaker.scorers import Factors
from tastemaker.testing import ScorerContract

from ..algorithms.made import ridge
from .learned import asking, factors, grades, histories, known


class TestFactors(ScorerContract):
    def scorer(self, world):
        return factors(world.features).with_items(world.features)


class TestFactorsWiderThanAnyHistory(ScorerContract):
    def scorer(self, world):
        return factors(world.features, dim=48).with_items(world.features)


class TestGrades(ScorerContract):
    def scorer(self, world):
        return grades(world.features).with_items(world.features)


def slow(model, told):
    """The user's vector: what was said of an item is an observation, each pair one of 0 of weight alpha0."""
    n, dim = model.items.shape
    items = model.items.astype(float)
    at = [j for j in range(n) if not np.isnan(told[j]) and items[j].any() and (model.graded or told[j])]
    if not at:
        return np.zeros(dim)
    s = told[at]
    y = s - model.mean - model.bias[at] if model.graded else np.sign(s)
    c = np.ones(len(at)) if model.graded else np.abs(s)
    pairs = np.zeros((0, dim)) if model.graded else items
    penalty = model.l2 * (len(at) + model.alpha0 * model.n_seen) ** model.nu
    rows, targets = np.vstack([items[at], pairs]), np.concatenate([y, np.zeros(len(pairs))])
    return ridge(rows, targets, np.concatenate([c, np.full(len(pairs), model.alpha0)]), np.full(dim, penalty))


@pytest.mark.parametrize("made", [factors, grades])
@pytest.mark.parametrize("dim", [1, 4, 60])
def test_the_users_side_is_what_the_objective_says(made, dim, world, rng):
    """Of likes and dislikes of all sizes; what nobody has met and, unless graded, what is neutral is left out."""
    model = made(world.features) if dim == 4 else factors(world.features, dim=dim, graded=made is grades)
    told = histories(model.n_items, rng)
    told[3, 5:] = np.nan
    expected = np.stack([slow(model, row) for row in told])
    batch = asking(told)
    np.testing.assert_allclose(model.vectors(batch), expected, atol=2e-5)
    scores = model.mean + model.bias + expected @ model.items.T.astype(float)
    if made is factors:
        scores[0], scores[:, ~known(model.n_items)] = np.nan, np.nan
    np.testing.assert_allclose(model.score(batch), scores, atol=5e-5)


def test_how_strongly_something_is_liked_matters(world):
    """For likes it is a weight; for grades it is the target itself."""
    told = np.full((3, 40), np.nan)
    told[:, 3] = 0.1, 0.5, 1.0
    for made in (factors, grades):
        scores = made(world.features).score(asking(told))[:, 3]
        assert scores[0] < scores[1] < scores[2]


def test_a_score_of_0_is_a_score():
    """`top` and `score` agree on whom they can speak of."""
    items = np.float32([[1, 0], [0, 1], [0, 0]])
    model = Factors((), items, np.float32([0.1, 0.1]), np.zeros(3, np.float32), 0.0, 0.1, 0.1, 1.0, 3, False)
    batch = asking(np.where(np.eye(3), 1.0, np.nan))
    scores = model.score(batch)
    np.testing.assert_array_equal(scores == 0, [[0, 1, 0], [1, 0, 0], [0, 0, 0]])
    assert model.top(batch, 3)[0].tolist() == [[0, 1, -1], [1, 0, -1], [-1, -1, -1]]


def test_what_nobody_graded_gets_the_mean_and_who_graded_nothing_the_items_own(world, rng):
    model, told = grades(world.features), np.full((2, 40), np.nan)
    told[1, [3, 4]] = 1.0, -0.5
    scores = model.score(asking(told))
    np.testing.assert_allclose(scores[0], model.mean + model.bias, atol=1e-6)
    np.testing.assert_allclose(scores[:, ~known(40)], model.mean, atol=1e-6)
    rows, best = model.top(asking(told), 40)
    assert (np.sort(rows, axis=1) == np.arange(40)).all()
    assert (np.diff(best, axis=1) <= 0).all()
