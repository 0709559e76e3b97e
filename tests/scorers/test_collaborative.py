"""What all scorers that learned from events have in common."""

import os
import subprocess
import sys

import numpy as np
import pytest

from tastemaker.data.features import TASTES, Features
from tastemaker.data.vocab import Vocab
from tastemaker.scorers import collaborative
from tastemaker.scorers.collaborative import NEIGHBORS, neighbor_shares
from tastemaker.testing import grown

from .learned import ALL, LINEAR, NEAR, UNMET, asking, factors, grades, histories, known


@pytest.fixture
def features(world):
    return world.features


def contributed(model, batch):
    """float (q, n_items, n_items): what item j of the history adds to item i's score, [q, i, j]."""
    n = model.n_items
    found = np.zeros((len(batch), n, n))
    everything = np.tile(np.arange(n, dtype=np.int32), (len(batch), 1))
    for q, each in enumerate(model.contributions(batch, everything)):
        for part, column in zip(each.parts, each.values.T, strict=True):
            if part.kind == "item":
                found[q, :, part.key] = np.nan_to_num(column)
    return found


@pytest.mark.parametrize("made", ALL)
def test_a_history_of_nothing_of_one_item_and_of_all(made, features, rng):
    model, n = made(features), len(features)
    batch = asking(histories(n, rng))
    scores, (rows, best) = model.score(batch), model.top(batch, n)
    if made is grades:
        np.testing.assert_allclose(scores[0], model.mean + model.bias)
        assert np.isfinite(scores).all()
    else:
        assert np.isnan(scores[0]).all()
        assert (rows[0] == -1).all()
        assert np.isfinite(scores[1]).any()
        assert np.isfinite(scores[2:][:, known(n)]).mean() > 0.9
        assert np.isnan(scores[:, list(UNMET)]).all()
    assert ((rows >= 0).sum(axis=1) == np.isfinite(scores).sum(axis=1)).all()
    for q in range(len(batch)):
        found = rows[q][rows[q] >= 0]
        np.testing.assert_allclose(scores[q][found], best[q, : len(found)], rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("made", ALL)
def test_neutral_ratings_and_items_that_nobody_has_met_say_nothing(made, features):
    told = np.full((2, len(features)), np.nan)
    told[0, [3, 5]], told[1, list(UNMET)] = 0.0, 1.0
    scores = made(features).score(asking(told))
    assert np.isnan(scores).all() or made is grades
    if made is grades:  # a neutral grade is a grade; what nobody has met is left out
        assert scores[0, 3] != pytest.approx(scores[1, 3])


@pytest.mark.parametrize("made", ALL)
def test_a_dislike_pushes_down_what_a_like_pulls_up(made, features, rng):
    """One item disliked instead of liked, beside others that stay: whatever it pulled up goes down."""
    model, n = made(features), len(features)
    told = np.full((2, n), np.nan)
    told[:, rng.choice(np.flatnonzero(known(n)), 6, replace=False)] = 0.7
    told[:, 3] = 1.0, -1.0
    liked, disliked = model.score(asking(told))
    pulled = np.nan_to_num(contributed(model, asking(told[[0]]))[0, :, 3])
    up = pulled > 1e-3
    assert up.sum() > 3
    assert (np.nan_to_num(disliked)[up] < np.nan_to_num(liked)[up]).all()


@pytest.mark.parametrize("made", LINEAR)
def test_an_items_part_is_what_leaving_it_out_changes(made, features, rng):
    model, n = made(features), len(features)
    told = histories(n, rng, 1)[[2]]
    told[0, ::3] = np.nan
    without = np.repeat(told, n, axis=0)
    np.fill_diagonal(without, np.nan)
    change = np.nan_to_num(model.score(asking(told))) - np.nan_to_num(model.score(asking(without)))  # (left out, item)
    np.testing.assert_allclose(contributed(model, asking(told))[0], change.T, atol=2e-5)
    assert np.abs(change).max() > 0.1


@pytest.mark.parametrize("made", [factors, grades])
def test_a_factors_part_is_linear_in_what_was_said_of_the_item(made, features, rng):
    """Another answer about item j of the same weight changes j's part alone."""
    model, n = made(features), len(features)
    told = np.full((2, n), np.nan)
    told[:, rng.choice(np.flatnonzero(known(n)), 6, replace=False)] = 0.7
    told[:, 3] = 0.9, -0.9
    one, other = contributed(model, asking(told))
    rest = np.arange(n) != 3
    np.testing.assert_allclose(one[:, rest], other[:, rest], atol=1e-6)
    scale = (-0.9 - model.mean - model.bias[3]) / (0.9 - model.mean - model.bias[3])
    np.testing.assert_allclose(other[:, 3], scale * one[:, 3], atol=1e-5)
    assert np.abs(one[:, 3]).max() > 0.01


@pytest.mark.parametrize("made", ALL)
def test_an_item_that_joins_scores_as_the_neighbors_that_lend_to_it(made, features, rng):
    bare, n = made(features), len(features)
    wider = grown(features, 4)
    shares = neighbor_shares(wider, NEAR, known(n)).toarray()  # (n + 4, n)
    model = bare.with_items(wider)
    told = histories(n, rng)
    told[:, list(UNMET)] = np.nan
    old = np.nan_to_num(bare.score(asking(told)))
    found = model.score(asking(np.hstack([told, np.full((len(told), 4), np.nan)])))
    base = model.mean if made is grades else 0.0
    borrows = shares.any(axis=1)
    expected = base + (old - base) @ shares.T
    np.testing.assert_allclose(np.nan_to_num(found[1:, borrows]), expected[1:, borrows], atol=2e-5)
    assert borrows[[*UNMET, n, n + 1]].all()
    assert np.isfinite(found[2:, borrows]).all()


@pytest.mark.parametrize("made", LINEAR)
def test_a_like_of_an_item_that_joined_is_its_shares_of_likes(made, features):
    bare, n = made(features), len(features)
    wider = grown(features, 4)
    shares = neighbor_shares(wider, NEAR, known(n)).toarray()
    told = np.full((4, n + 4), np.nan)
    told[range(4), [n, n + 1, *UNMET]] = 1.0
    same = shares[[n, n + 1, *UNMET]]
    expected = np.nan_to_num(bare.score(asking(np.where(same, same, np.nan))))
    found = np.nan_to_num(bare.with_items(wider).score(asking(told)))[:, :n]
    np.testing.assert_allclose(found[:, known(n)], expected[:, known(n)], atol=2e-5)
    assert np.abs(expected).max() > 0.05


@pytest.mark.parametrize("made", ALL)
def test_without_features_what_nobody_has_met_stays_unsaid(made, features, rng):
    n = len(features)
    bare, names = made(features), (*features.items.ids, "one", "two")
    for blocks in ({}, {"text": np.zeros((n + 2, 3), np.float32)}, {"other": np.ones((n + 2, 1), np.float32)}):
        model = bare.with_items(Features(Vocab(names), blocks))
        told = np.hstack([histories(n, rng), np.full((5, 2), np.nan)])
        scores = model.score(asking(told))[:, [*UNMET, n, n + 1]]
        if made is grades:
            own = model.mean + model.vectors(asking(told))[:, -1:]  # the mean, and the user's bias
            np.testing.assert_allclose(scores, np.broadcast_to(own, scores.shape), atol=1e-6)
        else:
            assert np.isnan(scores).all()


@pytest.mark.parametrize("made", ALL)
def test_queries_scored_in_blocks_are_queries_scored_at_once(made, features, rng, monkeypatch):
    model, n = made(features), len(features)
    batch = asking(histories(n, rng, 9))
    rows = rng.integers(0, n, (len(batch), 6)).astype(np.int32)
    expected, wider = model.score(batch, rows), model.with_items(features)
    monkeypatch.setattr(collaborative, "BLOCK", 2 * n)
    np.testing.assert_allclose(model.score(batch, rows), expected, rtol=1e-5, atol=1e-6)
    for name, array in model.with_items(features).state()[1].items():
        np.testing.assert_array_equal(array, wider.state()[1][name])


def slow_shares(features, met, blocks=NEAR):
    """Mean cosine over the blocks; the squares of the ten best above 0, as shares."""
    unit = []
    for block in (features.block(name) for name in blocks):
        unit.append([row / np.sqrt((row**2).sum()) if row.any() else row for row in block.astype(float)])
    rows = np.concatenate([np.array(u) for u in unit], axis=1)
    rows = np.array([row / np.sqrt((row**2).sum()) if row.any() else row for row in rows])
    found = np.zeros((len(rows), len(met)))
    for i in range(len(rows)):
        if i < len(met) and met[i]:
            found[i, i] = 1.0
            continue
        near = {j: float(rows[i] @ rows[j]) for j in np.flatnonzero(met)}
        best = sorted(near, key=lambda j: (-near[j], j))[:NEIGHBORS]
        squares = {j: near[j] ** 2 for j in best if near[j] > 0}
        for j, square in squares.items():
            found[i, j] = square / sum(squares.values())
    return found


@pytest.mark.parametrize("seed", range(4))
def test_shares_are_the_squares_of_the_nearest(seed, features):
    rng = np.random.default_rng(seed)
    met, wider = rng.random(len(features)) < 0.6, grown(features, 5, seed)
    found = neighbor_shares(wider, NEAR, met)
    np.testing.assert_allclose(found.toarray(), slow_shares(wider, met), atol=1e-5)


@pytest.mark.parametrize("share", [0.0, 0.1, 0.7, 1.0])
def test_rows_of_shares_sum_to_1_or_are_empty_and_name_only_what_is_known(share, features, rng):
    met, wider = rng.random(len(features)) < share, grown(features, 5)
    found = neighbor_shares(wider, NEAR, met)
    assert found.shape == (len(features) + 5, len(features))
    sums = found.sum(axis=1)
    np.testing.assert_allclose(sums[sums > 0], 1.0, rtol=1e-5)
    assert not found.toarray()[:, ~met].any(), "who is not known has nothing to lend"
    assert (found.data > 0).all()
    assert np.diff(found.indptr).max() <= NEIGHBORS
    np.testing.assert_array_equal(found.toarray()[: len(features)][met], np.eye(len(features))[met])


def test_an_item_that_resembles_nothing_borrows_nothing():
    block = np.float32([[1, 0], [0.6, 0.8], [-1, -0.1], [0, 0], [1, 0.1]])
    features = Features(Vocab(tuple("abcde")), {"text": block})
    found = neighbor_shares(features, ("text",), np.array([True, True, False, False])).toarray()
    assert found.any(axis=1).tolist() == [True, True, False, False, True]
    assert found[4, 0] > found[4, 1] > 0


def test_an_item_that_says_something_in_one_block_only_is_compared_by_that(features):
    text, tastes = features.block("text").copy(), features.block(TASTES).copy()
    text[5] = 0.0
    both = Features(features.items, {"text": text, TASTES: tastes})
    met = np.arange(len(features)) != 5
    alone = neighbor_shares(Features(features.items, {TASTES: tastes}), NEAR, met).toarray()[5]
    found = neighbor_shares(both, NEAR, met).toarray()[5]
    assert found @ tastes @ tastes[5] == pytest.approx(alone @ tastes @ tastes[5], abs=0.1)


ASKED_AT_ONCE = """
import numpy as np, threading
from scipy.sparse import random_array
from tastemaker.kernels.spread import spread
made = [random_array((n, 2000), density=0.05, format="csr", dtype=np.float32, rng=0) for n in (50, 2000)]
def ask():
    for _ in range(100):
        spread(made[0], (made[1],))
each = [threading.Thread(target=ask) for _ in range(4)]
[one.start() for one in each]
[one.join() for one in each]
"""


@pytest.mark.xfail(strict=True, reason="parallel kernels abort the process when two threads of a service call them")
def test_a_service_may_ask_from_two_threads_at_once_where_only_the_simplest_threading_layer_is_installed():
    """numba's workqueue, which is all that a plain installation has on some systems, is not thread-safe."""
    environment = {**os.environ, "NUMBA_THREADING_LAYER": "workqueue", "NUMBA_NUM_THREADS": "2"}
    done = subprocess.run([sys.executable, "-c", ASKED_AT_ONCE], env=environment, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
