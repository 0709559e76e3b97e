"""Item-kNN against loops over the definitions."""

from math import log, sqrt

import numpy as np
import pytest

from tastemaker.algorithms import ItemKNN

from .made import asking, fit, likes_of, lopsided


def cosine(r, shrink):
    """r (n_users, n_items) -> similarity of two different items."""
    n = r.shape[1]
    found = np.zeros((n, n))
    for i, j in ((i, j) for i in range(n) for j in range(n) if i != j):
        lengths = sqrt(sum(x * x for x in r[:, i])) * sqrt(sum(x * x for x in r[:, j]))
        if lengths:
            found[i, j] = sum(a * b for a, b in zip(r[:, i], r[:, j], strict=True)) / (lengths + shrink)
    return found


def idf(r, u):
    return 1 + log((r.shape[1] + 1) / (np.count_nonzero(r[u]) + 1))


def tfidf(r):
    found = np.zeros(r.shape)
    for u, i in zip(*np.nonzero(r), strict=True):
        found[u, i] = sqrt(r[u, i]) * idf(r, u)
    return found


def bm25(r, k1=1.2, b=0.75):
    """Robertson & Zaragoza 2009, eq. 3.15: an item is a document, whose words are the users who had it."""
    found = np.zeros(r.shape)
    mean = r.sum() / r.shape[1]
    for u, i in zip(*np.nonzero(r), strict=True):
        long = 1 - b + b * r[:, i].sum() / mean
        found[u, i] = r[u, i] * (k1 + 1) / (r[u, i] + k1 * long) * idf(r, u)
    return found


WEIGHTED = {"cosine": lambda r: (r > 0).astype(float), "tfidf": tfidf, "bm25": bm25}


@pytest.fixture
def plays(rng):
    return lopsided(rng, 40, 22) * rng.integers(1, 9, (40, 22))


@pytest.mark.parametrize("weighting", WEIGHTED)
@pytest.mark.parametrize("shrink", [0.0, 4.0])
def test_similarities_are_the_textbooks(weighting, shrink, plays):
    model = fit(ItemKNN(k=22, weighting=weighting, shrink=shrink), likes_of(plays, "play"))
    np.testing.assert_allclose(model.matrix.toarray(), cosine(WEIGHTED[weighting](plays), shrink), atol=1e-6)


def test_the_three_differ(plays):
    found = [cosine(weigh(plays), 0.0) for weigh in WEIGHTED.values()]
    for a, b in ((0, 1), (1, 2), (0, 2)):
        assert np.abs(found[a] - found[b]).max() > 0.1


@pytest.mark.parametrize("k", [1, 3, 7])
def test_each_item_keeps_its_k_most_similar_which_are_the_rows_of_its_column(k, plays):
    alike = cosine(WEIGHTED["bm25"](plays), 1.0)
    found = fit(ItemKNN(k=k, weighting="bm25", shrink=1.0), likes_of(plays, "play")).matrix.toarray()
    expected = np.zeros_like(alike)
    for i in range(len(alike)):
        best = sorted((j for j in range(len(alike)) if alike[j, i] > 0), key=lambda j: (-alike[j, i], j))[:k]
        expected[best, i] = alike[best, i]
    assert np.abs(expected - expected.T).max() > 0.1, "a transpose must be seen"
    np.testing.assert_allclose(found, expected, atol=1e-6)


def test_a_rare_item_is_reached_from_its_popular_neighbor_and_not_the_other_way():
    """Whoever had item 2 also had item 0, but of those who had item 0 most had item 1: it is 0's one neighbor."""
    likes = np.zeros((9, 4))
    likes[:, 0], likes[:7, 1], likes[7, 2], likes[:3, 3] = 1, 1, 1, 1
    scores = fit(ItemKNN(k=1, shrink=0.0), likes_of(likes)).score(asking(np.eye(4)))
    assert scores[0, 2] > 0, "a like of 0 leads to 2, which has no nearer neighbor"
    assert np.isnan(scores[2, 0]), "a like of 2 does not lead to 0"
    assert scores[0, 1] > 0
    assert scores[1, 0] > 0


def test_ties_go_to_the_lower_row():
    """Four items that everybody likes are all alike."""
    found = fit(ItemKNN(k=2, shrink=0.0), likes_of(np.ones((3, 4)))).matrix.toarray()
    np.testing.assert_array_equal(found > 0, [[0, 1, 1, 1], [1, 0, 1, 1], [1, 1, 0, 0], [0, 0, 0, 0]])


def test_blocks_of_items_are_put_together(plays, monkeypatch):
    """Where similarities are made in blocks of a few items."""
    whole = fit(ItemKNN(k=5), likes_of(plays, "play")).matrix.toarray()
    monkeypatch.setattr("tastemaker.algorithms.item_knn.BLOCK", 22 * 3)
    np.testing.assert_array_equal(fit(ItemKNN(k=5), likes_of(plays, "play")).matrix.toarray(), whole)
