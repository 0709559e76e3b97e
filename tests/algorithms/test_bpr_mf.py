import numpy as np
import pytest

from tastemaker.algorithms import BPRMF
from tastemaker.algorithms.bpr_mf import history_map
from tastemaker.errors import TrainingError
from tastemaker.metrics import spearman
from tastemaker.watch import Watch

from .made import asking, fit, likes_of, lopsided, ridge

KINDS = np.repeat([0, 1, 2], [18, 9, 5])  # of items: lopsided clusters


def clusters(rng, n_users=150):
    """Users of three kinds, most of the first, who like four items each, hardly any of another kind than theirs."""
    share = 1.0 / np.sqrt(1 + np.arange(len(KINDS)))
    mine, likes = rng.choice(3, n_users, p=(0.6, 0.3, 0.1)), np.zeros((n_users, len(KINDS)))
    for row, kind in zip(likes, mine, strict=True):
        weight = share * np.where(kind == KINDS, 1.0, 0.04)
        row[rng.choice(len(KINDS), 4, replace=False, p=weight / weight.sum())] = 1.0
    return likes, mine


@pytest.mark.parametrize("negatives", ["uniform", "popularity"])
def test_it_learns_planted_clusters(negatives, rng):
    """Asked by one like: how often an item of its kind stands above one of another; by chance in half the pairs."""
    model = fit(BPRMF(dim=4, epochs=30, negatives=negatives), likes_of(clusters(rng)[0]))
    scores, own = model.score(asking(np.eye(len(KINDS)))), KINDS[:, None] == KINDS
    np.fill_diagonal(own, False)
    above = [
        (row[own[i], None] > row[kind != KINDS]).mean() for i, (kind, row) in enumerate(zip(KINDS, scores, strict=True))
    ]
    assert np.mean(above) > 0.8


def test_the_answer_from_a_history_is_close_to_the_trained_users_order(rng):
    likes, _ = clusters(rng)
    world, algorithm = likes_of(likes), BPRMF(dim=4, epochs=50)
    users, items = algorithm._learned(asking(likes).ratings, np.random.default_rng(0), Watch())
    scores = fit(algorithm, world).score(asking(likes))
    rest = np.where(likes, np.nan, users @ items.T).astype(np.float32)
    assert np.nanmean(spearman(scores, rest)) > 0.9
    best, found = (np.argmax(np.where(likes, -np.inf, s), axis=1) for s in (rest, scores))
    assert (KINDS[best] == KINDS[found]).mean() > 0.85


def test_the_map_from_histories_is_a_ridge_regression(rng):
    likes = lopsided(rng, 40, 20)
    users, items = (rng.normal(size=(n, 5)).astype(np.float32) for n in (40, 20))
    told = likes @ items / np.sqrt(np.maximum(likes.sum(axis=1), 1))[:, None]
    penalty = np.full(5, 0.3 * np.trace(told.T @ told) / 5)
    expected = np.stack([ridge(told, users[:, f], np.ones(40), penalty) for f in range(5)], axis=1)
    np.testing.assert_allclose(history_map(asking(likes).ratings, users, items, 0.3), expected, atol=1e-4)


def test_the_model_is_that_map_applied_to_the_items(rng):
    likes = lopsided(rng, 40, 20)
    algorithm = BPRMF(dim=5, epochs=20)
    users, items = algorithm._learned(asking(likes).ratings, np.random.default_rng(0), Watch())
    model = fit(algorithm, likes_of(likes))
    unseen = ~likes.any(axis=0)
    items[unseen] = 0.0
    np.testing.assert_array_equal(model.outputs, items)
    np.testing.assert_allclose(
        model.inputs, items @ history_map(asking(likes).ratings, users, items, algorithm.ridge), atol=1e-5
    )
    assert np.isnan(model.score(asking(likes))[:, unseen]).all()


@pytest.mark.parametrize("dim", [1, 16, 17])
def test_vectors_of_any_width(dim, rng):
    """Rows are padded to whole registers; the padding is no part of a vector."""
    model = fit(BPRMF(dim=dim, epochs=5), likes_of(lopsided(rng, 30, 20)))
    assert model.inputs.shape == model.outputs.shape == (20, dim)
    assert (np.abs(model.outputs).max(axis=0) > 0).all()


def test_the_loss_falls_and_fewer_triples_are_the_wrong_way_round(rng):
    told = []
    BPRMF(dim=8, epochs=40).fit(*likes_of(clusters(rng)[0]), rng, Watch(report=lambda p: told.append(p.metrics)))
    assert [np.mean([m[name] for m in told[-5:]]) < 0.8 * told[0][name] for name in ("loss", "wrong")] == [True, True]
    assert told[0]["loss"] == pytest.approx(np.log(2), abs=0.03)


def test_a_loss_that_degenerates_is_refused_with_the_next_step(rng):
    with pytest.raises(TrainingError, match=r"degenerated in epoch \d+.*Lower learning_rate \(now 1e\+06\)"):
        fit(BPRMF(dim=8, epochs=5, learning_rate=1e6), likes_of(lopsided(rng, 40, 20)))


def test_a_catalog_of_two_items_is_learned():
    likes = np.array([[1, 0]] * 9 + [[0, 1]])
    model = fit(BPRMF(dim=4, epochs=100, learning_rate=0.2), likes_of(likes))
    scores = model.score(asking(np.eye(2)))
    assert scores[0, 0] > scores[0, 1] + 0.5
