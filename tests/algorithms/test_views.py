from dataclasses import replace

import numpy as np
import pytest

from tastemaker.algorithms.views import FULL, NO_HISTORY, NONE, draw_view, lists_of, whole_view
from tastemaker.data.events import events_of
from tastemaker.testing.worlds import NEWCOMER, STRANGER


@pytest.fixture
def lists(world):
    return lists_of(world.data)


@pytest.fixture
def crowd(lists):
    """The same lists many times over, with every taste stated, for shares that hardly vary."""
    many = lists.take(np.arange(20_000) % len(lists))
    profile = np.random.default_rng(0).random(many.profile.shape).astype(np.float32)
    return replace(many, profile=profile)


def test_lists_hold_each_users_last_preferences(world, lists):
    matrix = world.data.matrix("last", world.data.signed())
    users = [u for u in range(len(world.data.users)) if matrix[[u]].nnz >= 2]
    assert len(lists) == len(users)
    assert {STRANGER, NEWCOMER}.isdisjoint(users)
    for row, user in enumerate(users):
        mine = {int(i): float(v) for i, v in zip(matrix[[user]].indices, matrix[[user]].data, strict=True)}
        known = lists.items[row] >= 0
        assert dict(zip(lists.items[row][known].tolist(), lists.signed[row][known].tolist(), strict=True)) == mine
        assert (lists.signed[row][~known] == 0.0).all()
    np.testing.assert_array_equal(lists.profile, world.data.profiles[users])


def test_neutral_ratings_stay_in_the_lists(lists):
    assert ((lists.signed == 0.0) & (lists.items >= 0)).any()


def test_long_histories_are_cut(world):
    lists = lists_of(world.data, longest=4)
    assert lists.items.shape[1] == 4
    assert ((lists.items >= 0).sum(axis=1) >= 2).all()


def test_nobody_with_two_items_is_no_list(world):
    one = replace(world.data, events=events_of(np.int32([3]), np.int32([5]), np.float32([1]), "ranking"))
    lists = lists_of(one)
    assert len(lists) == 0
    assert draw_view(lists, np.random.default_rng(0)).target.shape == (0, 0)


@pytest.mark.parametrize("seed", range(5))
def test_what_is_shown_is_never_what_is_to_be_ranked(lists, seed):
    view = draw_view(lists, np.random.default_rng(seed))
    for row in range(len(lists)):
        history = view.history[[row]]
        target = set(lists.items[row][view.target[row]].tolist())
        known = set(lists.items[row][lists.items[row] >= 0].tolist())
        assert len(target) >= 2
        assert target.isdisjoint(history.indices.tolist())
        assert target | set(history.indices.tolist()) == known
        values = dict(zip(lists.items[row].tolist(), lists.signed[row].tolist(), strict=True))
        assert all(values[i] == v for i, v in zip(history.indices.tolist(), history.data.tolist(), strict=True))


@pytest.mark.parametrize("seed", range(5))
def test_tastes_are_withheld_or_blurred_but_never_made_up(lists, seed):
    shown = draw_view(lists, np.random.default_rng(seed)).profile
    assert np.isnan(shown[np.isnan(lists.profile)]).all()
    said = shown[~np.isnan(shown)]
    assert ((said >= 0.0) & (said <= 1.0)).all()
    assert shown.dtype == np.float32


def test_views_are_spread_as_stated(crowd, rng):
    view = draw_view(crowd, rng)
    withheld = np.isnan(view.profile).mean(axis=1)
    exact = (view.profile == crowd.profile).all(axis=1)
    lucky = (1 - FULL - NONE) / 6 / 2  # ∫ (1 - s)^5 ds = 1/6: nothing was withheld by chance, and nothing blurred
    assert exact.mean() == pytest.approx(FULL + lucky, abs=0.02)
    assert (withheld == 1.0).mean() == pytest.approx(NONE + (1 - FULL - NONE) / 6, abs=0.02)  # ∫ s^5 ds = 1/6
    assert withheld.mean() == pytest.approx(NONE + (1 - FULL - NONE) / 2, abs=0.02)
    partly = (withheld > 0.0) & (withheld < 1.0)
    blurred = np.nanmax(np.abs(view.profile[partly] - crowd.profile[partly]), axis=1) > 1e-6
    assert blurred.mean() == pytest.approx(0.5, abs=0.02)


def test_histories_are_spread_as_stated(crowd, rng):
    seen = np.diff(draw_view(crowd, rng).history.indptr)
    most = (crowd.items >= 0).sum(axis=1) - 2
    assert (seen <= most).all()
    ten = most == 8
    share = np.bincount(seen[ten], minlength=9) / ten.sum()
    np.testing.assert_allclose(share[0], NO_HISTORY + (1 - NO_HISTORY) / 9, atol=0.02)
    np.testing.assert_allclose(share[1:], (1 - NO_HISTORY) / 9, atol=0.02)


def test_the_history_is_drawn_evenly_from_the_list(crowd, rng):
    """A list's columns are sorted by item: taking the first ones would show popular items only."""
    view, ten = draw_view(crowd, rng), (crowd.items >= 0).sum(axis=1) == 10
    shown = (~view.target & (crowd.items >= 0))[ten].mean(axis=0)
    np.testing.assert_allclose(shown, shown.mean(), atol=0.02)


def test_the_whole_view_hides_nothing_and_shows_no_history(lists):
    view = whole_view(lists)
    np.testing.assert_array_equal(view.profile, lists.profile)
    np.testing.assert_array_equal(view.target, lists.items >= 0)
    assert view.history.nnz == 0


def test_the_same_seed_draws_the_same_view(lists):
    a, b = (draw_view(lists, np.random.default_rng(4)) for _ in range(2))
    np.testing.assert_array_equal(a.profile, b.profile)
    np.testing.assert_array_equal(a.target, b.target)
