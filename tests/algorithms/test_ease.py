"""EASE is n_items ridge regressions, each of an item's column on all the others (Steck 2019, section 3)."""

import tracemalloc

import numpy as np
import pytest

from tastemaker.algorithms import EASE, ease
from tastemaker.errors import TrainingError
from tastemaker.watch import Watch

from .made import asking, fit, likes_of, lopsided, ridge


def regressions(x, l2):
    """B, one column at a time, by least squares over users."""
    n = x.shape[1]
    b = np.zeros((n, n))
    for j in np.flatnonzero(x.any(axis=0)):
        others = np.setdiff1d(np.flatnonzero(x.any(axis=0)), [j])
        b[others, j] = ridge(x[:, others], x[:, j], np.ones(len(x)), np.full(len(others), l2))
    return b


@pytest.mark.parametrize(("n_users", "n_items"), [(60, 25), (25, 60), (30, 30), (2, 9), (9, 3)])
@pytest.mark.parametrize("columns", [7, 512])
def test_it_is_a_ridge_regression_of_each_item_on_the_others(n_users, n_items, columns, rng, monkeypatch):
    monkeypatch.setattr(ease, "COLUMNS", columns)
    x = lopsided(rng, n_users, n_items)
    expected = regressions(x, 3.0)
    if n_items > 9:
        assert np.abs(expected - expected.T).max() > 0.05, "a transpose must be seen"
    model = fit(EASE(l2=3.0, keep=0), likes_of(x))
    np.testing.assert_allclose(model.matrix.toarray(), expected, atol=2e-5)
    found = np.nan_to_num(model.score(asking(x)))
    np.testing.assert_allclose(found, x @ expected, atol=1e-4)


def test_the_dual_side_gives_the_weights_of_the_primal(rng):
    x = lopsided(rng, 40, 33)
    x = x[x.any(axis=1)][:, x.any(axis=0)]
    by_user = fit_matrix(x)
    by_item = by_user.T.tocsr()
    inverse = [np.linalg.inv(g + 2.0 * np.eye(len(g))).astype(np.float32) for g in (x.T @ x, x @ x.T)]
    primal = np.concatenate(list(ease._primal(inverse[0])))
    dual = np.concatenate(list(ease._dual(inverse[1], by_user, by_item)))
    np.testing.assert_allclose(dual, primal, atol=1e-5)
    assert not primal.diagonal().any()
    assert not dual.diagonal().any()


def fit_matrix(x):
    return asking(x).ratings


@pytest.mark.parametrize("keep", [1, 4, 1000])
def test_of_each_item_the_largest_weights_are_kept(keep, rng):
    x = lopsided(rng, 50, 30)
    full, kept = (fit(EASE(l2=3.0, keep=k), likes_of(x)).matrix.toarray() for k in (0, keep))
    for column, whole in zip(kept.T, full.T, strict=True):
        best = np.argsort(-np.abs(whole), kind="stable")[:keep]
        np.testing.assert_array_equal(column[best], whole[best])
        assert np.count_nonzero(column) == np.count_nonzero(whole[best])
    assert (full < 0).any(), "size counts, not sign"


def test_no_regularization_is_refused(rng):
    """Its matrix may be singular, and in float32 one would not even notice."""
    with pytest.raises(TrainingError, match=r"l2 above 0.* it is 0\."):
        fit(EASE(l2=0.0), likes_of(lopsided(rng, 9, 12)))


def test_too_large_a_matrix_is_refused_before_it_is_made(rng):
    world = likes_of(lopsided(rng, 60, 40))
    n_users, n_items = len(np.unique(world.data.events.user)), len(np.unique(world.data.events.item))
    with pytest.raises(TrainingError) as refused:
        fit(EASE(memory_limit=1e-6), world)
    assert f"{n_users} users and {n_items} items" in str(refused.value)
    assert "memory_limit is 1e-06 GB. Raise it, or use" in str(refused.value)


def test_the_memory_is_said_before_the_long_part(rng):
    said = []
    world, algorithm = likes_of(lopsided(rng, 60, 40)), EASE()
    algorithm.fit(*world, rng, Watch(report=said.append))
    shape = len(np.unique(world.data.events.user)), len(np.unique(world.data.events.item))
    assert said[0].metrics["gigabytes"] == algorithm.memory(*shape)
    assert (said[0].done, said[-1].done) == (1, said[-1].total)


@pytest.mark.parametrize(("n_users", "n_items", "keep"), [(1200, 1000, 0), (700, 1500, 100), (1500, 900, 300)])
def test_the_memory_stated_is_what_it_takes(n_users, n_items, keep, rng):
    """Within a tenth and the events themselves; never much less than stated, or the limit would refuse what fits."""
    world, algorithm = likes_of(rng.random((n_users, n_items)) < 0.01), EASE(keep=keep)
    for small in ((6, 9), (9, 6)):
        fit(algorithm, likes_of(np.ones(small)))  # what the compiler takes does not count
    shape = len(np.unique(world.data.events.user)), len(np.unique(world.data.events.item))
    tracemalloc.start()
    fit(algorithm, world)
    peak = tracemalloc.get_traced_memory()[1] / 1e9
    tracemalloc.stop()
    assert 0.7 * algorithm.memory(*shape) < peak < 1.1 * algorithm.memory(*shape) + 200.0 * len(world.data) / 1e9
