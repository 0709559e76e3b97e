"""The graph filter as dense matrices, and GF-CF (Shen et al. 2021, eq. 10) as its special case."""

import numpy as np
import pytest

from tastemaker.algorithms import GraphFilter
from tastemaker.algorithms.graph_filter import leading_vectors
from tastemaker.scorers import EventGraph, LowRank, WeightedSum

from .made import asking, fit, likes_of, lopsided


def power(degrees, exponent):
    return np.array([d**-exponent if d else 0.0 for d in degrees])


def paths(r, into, through, out):
    """D_i^-into R' D_u^-through R D_i^-out"""
    users, items = r.sum(axis=1), r.sum(axis=0)
    return np.diag(power(items, into)) @ r.T @ np.diag(power(users, through)) @ r @ np.diag(power(items, out))


def normalized(r):
    return np.diag(power(r.sum(axis=1), 0.5)) @ r @ np.diag(power(r.sum(axis=0), 0.5))


def unsaid(scores):
    return np.where(scores == 0, np.nan, scores)


@pytest.fixture
def likes(rng):
    return lopsided(rng, 40, 30)


@pytest.mark.parametrize(("into", "through", "out"), [(0.6, 0.65, 0.35), (0.0, 1.0, 0.2), (1.0, 0.0, 0.0)])
def test_it_is_the_dense_formula(into, through, out, likes, rng):
    dense = paths(likes, into, through, out)
    model = fit(GraphFilter(into=into, through=through, out=out), likes_of(likes))
    assert isinstance(model, EventGraph)
    asked = likes * rng.uniform(-1.0, 1.0, likes.shape)
    np.testing.assert_allclose(model.score(asking(asked)), unsaid(asked @ dense), rtol=1e-4, atol=1e-6)


def test_a_transpose_would_be_seen(likes):
    dense = paths(likes, 0.7, 0.75, 0.3)
    assert np.abs(dense - dense.T).max() > 0.1


def test_the_exponents_of_gf_cf_are_a_special_case(likes):
    """Eq. 10's linear filter: R~' R~, of the normalized matrix."""
    r = normalized(likes)
    found = fit(GraphFilter(into=0.5, through=1.0, out=0.5), likes_of(likes)).score(asking(likes))
    np.testing.assert_allclose(found, unsaid(likes @ r.T @ r), rtol=1e-5)


@pytest.mark.parametrize("shape", [(90, 40), (40, 90), (60, 60)])
def test_leading_vectors_are_those_of_numpy(shape, rng):
    """Where singular values lie apart: the same subspace, and the same vectors up to their signs."""
    r = normalized(lopsided(rng, *shape))
    _, values, expected = np.linalg.svd(r)
    apart = np.flatnonzero(values[:12] - values[1:13] > 0.01) + 1
    assert len(apart) > 5
    for dim in apart:
        found = leading_vectors(asking(r).ratings, dim, rng)
        assert found.shape == (shape[1], dim)
        np.testing.assert_allclose(found.T @ found, np.eye(dim), atol=1e-5)
        np.testing.assert_allclose(found @ found.T, expected[:dim].T @ expected[:dim], atol=0.03)
        alone = [k for k in apart if k + 1 in apart and k < dim]  # vector k + 1 is the only one of its value
        along = np.abs(np.einsum("nd,dn->d", found, expected[:dim]))
        np.testing.assert_allclose(along[alone], 1.0, atol=0.01)


@pytest.mark.parametrize("dim", [1, 3, 4, 40])
def test_beyond_the_rank_of_the_matrix_there_are_no_vectors(dim, rng):
    """Four kinds of user: whatever noise would be learned beyond four vectors is no taste of anybody."""
    kinds = (rng.random((4, 25)) < 0.4).astype(float)
    r = normalized(kinds[rng.integers(0, 4, 50)])
    rank = np.linalg.matrix_rank(r)
    found = leading_vectors(asking(r).ratings, dim, rng)
    assert np.count_nonzero(np.linalg.norm(found, axis=0)) == min(dim, rank)
    if dim >= rank:
        np.testing.assert_allclose(found @ found.T, np.linalg.pinv(r) @ r, atol=1e-4)


def test_the_smooth_term_is_the_low_rank_part_brought_to_the_scale_of_the_first(likes):
    model = fit(GraphFilter(into=0.7, through=0.75, out=0.3, smooth=0.4, dim=5), likes_of(likes))
    assert isinstance(model, WeightedSum)
    graph, smooth = model.scorers
    assert isinstance(smooth, LowRank)
    v = np.linalg.svd(normalized(likes))[2][:5].T
    items = likes.sum(axis=0)
    dense = np.diag(power(items, 0.7)) @ v @ v.T @ np.diag(power(items, 0.3))
    first, second = likes @ paths(likes, 0.7, 0.75, 0.3), likes @ dense
    said = first != 0
    weight = 0.4 * np.sqrt((first[said] ** 2).mean() / (second[said] ** 2).mean())
    assert model.weights == (1.0, pytest.approx(weight, rel=0.02))
    found = np.nan_to_num(model.score(asking(likes)))
    np.testing.assert_allclose(found, first + weight * second, atol=0.03 * np.abs(first).max())
    np.testing.assert_allclose(np.nan_to_num(graph.score(asking(likes))), first, rtol=1e-4)


@pytest.mark.parametrize("sample", [1, 400])
def test_the_scale_is_taken_from_users_who_liked_something(sample, rng, monkeypatch):
    """The first users said nothing: it must not be their histories on which the two terms are compared."""
    monkeypatch.setattr("tastemaker.algorithms.graph_filter.SAMPLE", sample)
    likes = np.vstack([np.zeros((9, 12)), lopsided(rng, 9, 12)])
    model = fit(GraphFilter(smooth=0.3, dim=2), likes_of(likes))
    assert np.isfinite(model.weights).all()
    assert 0.0 < model.weights[1] < 30.0


def test_everybody_alike_says_nothing_in_particular():
    """All users like everything: no item may lead to itself more than to others."""
    scores = fit(GraphFilter(smooth=1.0, dim=4), likes_of(np.ones((6, 5)))).score(asking(np.eye(5)))
    np.testing.assert_allclose(scores, np.full((5, 5), scores[0, 0]), rtol=1e-4)
