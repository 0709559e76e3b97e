"""Where judging begins: nothing that is judged was learned from, whatever the clock says."""

from dataclasses import replace

import numpy as np
import pytest

from tastemaker.data.catalog import Catalog
from tastemaker.data.dataset import Dataset, Scale
from tastemaker.data.events import events_of
from tastemaker.data.vocab import Vocab
from tastemaker.errors import DataError
from tastemaker.lifecycle.later import later_part
from tastemaker.recipe import Recipe, Retraining, find_recipe, read_recipe

from ..rated import DAY, START, rows, world

RECIPE = replace(read_recipe(find_recipe("movies")), retrain=Retraining(train_window_days=0))
NOW = START + 400 * DAY


def data_of(made: list[tuple[str, str, float, int]]) -> Dataset:
    users = Vocab(tuple(dict.fromkeys(row[0] for row in made)))
    ids = tuple(str(k) for k in range(60))
    value, time = np.array([row[2] for row in made], np.float32), np.array([row[3] for row in made])
    user, item = users.rows(row[0] for row in made), np.array([int(row[1]) for row in made])
    events = replace(events_of(user, item, value, "rating", time=time), received_at=time + 1)
    return Dataset(events, Catalog(Vocab(ids), ids), users, scales={"rating": Scale(0.5, 5, 3.5)})


DATA = data_of(rows(world()))


def without_times(data: Dataset) -> Dataset:
    return replace(data, events=replace(data.events, received_at=data.events.time))


def windowed(days: int) -> Recipe:
    return replace(RECIPE, retrain=Retraining(train_window_days=days))


def test_a_first_model_is_judged_on_the_last_fifth() -> None:
    later = later_part(DATA, RECIPE, None, NOW)
    time = DATA.events.time
    assert len(later.asked) == pytest.approx(0.2 * len(DATA), abs=2)
    assert time[later.asked].min() == later.begins > time[later.learn].max()
    assert later.learn.sum() + len(later.asked) == len(DATA)
    assert later.deploy.all()
    assert (later.metric, later.named) == ("log loss", "log loss")


def test_a_successor_is_judged_on_the_later_half_of_what_is_new() -> None:
    since = int(np.quantile(DATA.events.time, 0.9))
    later = later_part(DATA, RECIPE, since, NOW)
    new = int((DATA.events.time > since).sum())
    assert later.begins > since
    assert len(later.asked) == pytest.approx(new / 2, abs=2)
    assert later.learn.sum() > 0.9 * len(DATA)  # and learns from the other half, too


def test_the_window_bounds_what_is_learned_from_and_what_is_deployed() -> None:
    time, window = DATA.events.time, 20
    now = int(time.max())
    later = later_part(DATA, windowed(window), None, now)
    assert time[later.learn].min() >= later.begins - window * DAY
    assert time[later.deploy].min() >= now - window * DAY
    assert not np.intersect1d(np.flatnonzero(later.learn), later.asked).size


def test_an_old_past_leaves_nothing_in_the_window() -> None:
    old = data_of([(f"u{k}", "1", 4.0, START) for k in range(5)] + [("u9", str(k), 2.0, NOW) for k in range(10)])
    with pytest.raises(DataError, match=r"Only 0 events lie in the 30 days .* Raise train_window_days"):
        later_part(old, windowed(30), None, NOW)


def test_without_times_a_pair_is_always_in_the_same_part() -> None:
    one = np.full(len(DATA), NOW)
    undated = replace(DATA, events=replace(DATA.events, time=one, received_at=one))  # a file without times
    later = later_part(undated, RECIPE, None, NOW)
    assert not later.dated
    assert len(later.asked) == pytest.approx(0.2 * len(DATA), rel=0.15)
    asked = {(int(DATA.events.user[k]), int(DATA.events.item[k])) for k in later.asked}
    fewer = undated.where(np.arange(len(DATA)) % 3 > 0)
    again = later_part(fewer, RECIPE, None, NOW)
    said = {(int(fewer.events.user[k]), int(fewer.events.item[k])) for k in again.asked}
    assert said <= asked
    assert len(said) == pytest.approx(2 / 3 * len(asked), rel=0.1)


def test_without_times_whole_lists_are_judged_of_which_some_is_told() -> None:
    made = [(f"u{k}", str((7 * k + j) % 60), 5.0, NOW) for k in range(150) for j in range(1 + k % 30)]
    lists = without_times(data_of([*made, *made[::9]]))  # some items twice in a list
    ranked = replace(RECIPE, judge=replace(RECIPE.judge, later="ranking"))
    later = later_part(lists, ranked, None, NOW)
    user = lists.events.user
    judged = np.unique(user[later.asked])
    assert not later.dated
    assert 15 < len(judged) < 45
    assert not np.isin(user[later.learn], judged).any()
    assert np.isin(user[~later.learn], judged).all()
    assert later.deploy.all()
    history, relevant = later.lists
    told, wanted = (np.diff(m.indptr)[judged] for m in (history, relevant))
    assert (told == np.minimum((told + wanted) // 2, 10)).all()
    assert (told > 0).all()
    fewer = later_part(lists.where(user % 2 == 0), ranked, None, NOW)  # too few for whole ones: pairs
    assert np.isin(lists.events.user[user % 2 == 0][fewer.learn], judged).any()
    first = later_part(lists, ranked, None, NOW, again=2)  # the active version was judged on pairs
    assert np.isin(user[first.learn], judged).any()
    more = without_times(data_of([*made, ("new", "3", 5.0, NOW), ("new", "4", 5.0, NOW)]))
    again = later_part(more, ranked, None, NOW)
    assert set(np.unique(more.events.user[again.asked])) - {150} == set(judged)


def test_what_was_heard_of_as_it_happened_is_dated() -> None:
    live = replace(DATA, events=replace(DATA.events, received_at=DATA.events.time))
    assert later_part(live, RECIPE, None, NOW).dated


def test_where_nothing_is_disliked_rankings_are_judged() -> None:
    likes = replace(DATA.where(DATA.liked()), scales={})
    likes = replace(likes, events=replace(likes.events, kind=np.full(len(likes), 2, np.int8)))
    later = later_part(likes, RECIPE, None, NOW)
    assert (later.metric, later.named) == (None, "ndcg@20")
    history, relevant = later.lists
    assert history.multiply(relevant).nnz == 0
    assert relevant.nnz > 50


@pytest.mark.parametrize(("n", "says"), [(0, "no real events"), (1, "no real events"), (5, "Only 5 events are new")])
def test_too_little(n: int, says: str) -> None:
    with pytest.raises(DataError, match=says):
        later_part(DATA.where(np.arange(len(DATA)) < n), RECIPE, None, NOW)


def test_a_clock_that_ran_ahead_leaves_the_later_parts_something_new() -> None:
    e = DATA.events
    ahead = np.where(np.arange(len(e)) == len(e) // 2, START + 40_000 * DAY, e.time)
    data = replace(DATA, events=replace(e, time=ahead))
    first = later_part(data, RECIPE, None, NOW)
    heard = first.data.events.time
    assert heard.max() == e.time.max()  # what a version says that it learned from, up to here
    assert later_part(data, RECIPE, int(np.quantile(heard, 0.9)), NOW).begins == pytest.approx(
        later_part(DATA, RECIPE, int(np.quantile(e.time, 0.9)), NOW).begins, abs=DAY
    )
