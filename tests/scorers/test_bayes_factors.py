"""BayesFactors against the Gaussian process that it is: one dense covariance over all the grades of a user."""

import numpy as np
import pytest

from tastemaker.data.arrays import csr
from tastemaker.scorers import BayesFactors
from tastemaker.testing import ScorerContract

from ..algorithms.made import asking

BLOCKS = ("text", "tastes")


def drawn(features, k=4, seed=3, drift=0.2, sure=False):
    rng, n, d = np.random.default_rng(seed), len(features), features.matrix(BLOCKS).shape[1]
    draw = lambda *shape: rng.normal(0, 0.4, shape).astype(np.float32)  # noqa: E731
    items, spread = draw(n, k), np.abs(draw(n, k)) * (not sure)
    items[:, 0], spread[:, 0] = 1.0, 0.0
    root = rng.normal(size=(k, k))
    return BayesFactors(
        items, spread, draw(n), 0.2, root @ root.T + np.eye(k), 0.3, drift, 0.8, BLOCKS, draw(d + 1, k),
        np.abs(draw(k)),
    )  # fmt: skip


class TestBayesFactors(ScorerContract):
    def scorer(self, world):
        return drawn(world.features).with_items(world.features)


def told_in_order(n_items, rows):
    """One query: (item, preference, time) rows."""
    item, value, when = (np.array(column) for column in zip(*rows, strict=True))
    batch = asking(np.zeros((1, n_items)))
    cells = (np.zeros(len(item), int), item)
    ratings = csr(*cells, value.astype(np.float32), (1, n_items))
    order = np.argsort(item)
    times = type(ratings)((when[order].astype(np.int64), item[order], [0, len(item)]), shape=ratings.shape)
    return type(batch)(batch.positives, ratings, batch.user, batch.profile, when=times)


def as_process(model, rows):
    """E [z_i . x + m at the next moment | y] by the joint covariance of everything; the whim's moments are numbered."""
    item, value, when = (np.array(column) for column in zip(*rows, strict=True))
    moment = np.unique(when, return_inverse=True)[1]
    z, n = model.items.astype(float), len(item)
    users, whim = np.linalg.inv(model.prior), model.drift * model.noise
    cov = z[item] @ users @ z[item].T + whim * model.keep ** np.abs(moment[:, None] - moment)
    cov += (model.noise - whim) * np.eye(n)
    cross = z @ users @ z[item].T + whim * model.keep ** (moment.max() + 1.0 - moment)
    y = value - model.mean - model.bias[item]
    return model.mean + model.bias + cross @ np.linalg.solve(cov, y)


@pytest.mark.parametrize("drift", [0.0, 0.3])
def test_scores_are_those_of_the_gaussian_process(world, drift):
    """Items whose vectors are known exactly; two grades at one moment, and an order that is not that of the items."""
    model = drawn(world.features, drift=drift, sure=True)
    rows = [(7, 0.5, 30), (2, -1.0, 10), (3, 0.25, 20), (12, 0.0, 20), (30, 1.0, 55)]
    found = model.score(told_in_order(model.n_items, rows))[0]
    np.testing.assert_allclose(found, as_process(model, rows), atol=2e-5)


def test_the_latest_grades_say_most_about_the_mood(world):
    model = drawn(world.features, sure=True)
    calm = [(1, 0.3, 1), (2, 0.3, 2), (3, 0.3, 3), (4, 0.3, 4), (5, 0.3, 5)]
    rise = []
    for at in range(5):
        rows = [(i, v + (0.5 if e == at else 0.0), t) for e, (i, v, t) in enumerate(calm)]
        moved = model.score(told_in_order(model.n_items, rows)) - model.score(told_in_order(model.n_items, calm))
        level = drawn(world.features, sure=True, drift=0.0)
        still = level.score(told_in_order(model.n_items, rows)) - level.score(told_in_order(model.n_items, calm))
        rise.append(float((moved - still).mean()))
    assert rise[-1] > 0 > rise[0]
    assert np.argmax(rise) == 4


def test_without_times_and_with_one_time_for_all_is_the_same(world):
    model = drawn(world.features)
    timed = told_in_order(model.n_items, [(7, 0.5, 9), (2, -1.0, 9), (3, 0.25, 9)])
    untimed = type(timed)(timed.positives, timed.ratings, timed.user, timed.profile)
    np.testing.assert_array_equal(model.score(timed), model.score(untimed))


def test_parts_are_exact_where_the_mood_drifts(world):
    model = drawn(world.features)
    batch = told_in_order(model.n_items, [(7, 0.5, 30), (2, -1.0, 10), (3, 0.25, 20), (12, 0.0, 20)])
    items = np.array([[0, 5, 2, 39]], np.int32)
    each = model.contributions(batch, items)[0]
    np.testing.assert_allclose(each.values.sum(axis=1), model.score(batch, items)[0], atol=1e-5)


def test_an_unsure_item_tells_less_of_its_user(world):
    sure, unsure = drawn(world.features, sure=True, drift=0.0), drawn(world.features, drift=0.0)
    batch = told_in_order(sure.n_items, [(7, 1.0, 1), (2, 1.0, 2), (9, 1.0, 3)])
    lengths = [np.linalg.norm(model.vectors(batch)[0, 1:]) for model in (sure, unsure)]
    assert lengths[1] < lengths[0]
