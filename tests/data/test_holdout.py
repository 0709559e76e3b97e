"""What is learned from and what is judged on: by what the events can bear, and without a leak."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tastemaker.data.catalog import Catalog
from tastemaker.data.dataset import Dataset, Scale
from tastemaker.data.events import KINDS, events_of
from tastemaker.data.formats import read_published
from tastemaker.data.holdout import has_time, hold_out, likes
from tastemaker.data.split import FixedSplit, TimeSplit, split_by_pair
from tastemaker.data.vocab import Vocab
from tastemaker.errors import DataError, LeakError
from tastemaker.testing import lopsided_world

from ..published import TEST, TRAIN, write_lightgcn

WORLD = lopsided_world().data
NOW = 1_800_000_000


def data_of(rows, kind="like", scales=None, users=4, items=6):
    """rows: (user, item, value, time)."""
    user, item, value, time = (np.array(column) for column in zip(*rows, strict=True))
    events = replace(events_of(user, item, value, kind, time=time), received_at=np.full(len(rows), NOW, np.int64))
    catalog = Catalog(Vocab(tuple(f"i{n}" for n in range(items))), tuple(f"I{n}" for n in range(items)))
    return Dataset(events, catalog, Vocab(tuple(f"u{n}" for n in range(users))), scales=scales or {})


def pairs(data):
    return sorted(zip(data.events.user.tolist(), data.events.item.tolist(), strict=True))


def published(tmp_path, **lines):
    found = read_published(str(write_lightgcn(tmp_path, **lines)), "lightgcn")
    return found.events, found.test


def test_what_was_published_to_be_judged_on_is_kept(tmp_path, rng):
    train, test = published(tmp_path)
    held = hold_out(train, test, rng)
    assert isinstance(held.split, FixedSplit)
    assert held.protocol == "the published split"
    assert pairs(held.split.test) == pairs(test)
    assert pairs(held.split.past()) == pairs(train)
    assert 0 < len(held.split.valid) < len(held.split.train)
    assert not set(pairs(held.split.valid)) & set(pairs(held.split.train))
    with pytest.raises(DataError, match="comes split as published, so --split pairs cannot be"):
        hold_out(train, test, rng, "pairs")


def test_a_pair_in_both_published_parts_is_a_leak(tmp_path, rng):
    train, test = published(tmp_path, test={**TEST, 3: [2, 7]})
    with pytest.raises(LeakError, match="User '3' and item '7' stand in train and in test") as told:
        hold_out(train, test, rng)
    assert "Drop them from one of the published parts" in str(told.value)
    assert 7 in TRAIN[3]


def test_dated_events_are_cut_once_for_everybody(rng):
    rows = [(n % 4, n % 6, 1, 1000 + 10 * (n // 2)) for n in range(100)]
    held = hold_out(data_of(rows), None, rng)
    assert isinstance(held.split, TimeSplit)
    assert held.protocol == "one global time split 80-10-10"
    train, valid, test = held.split.parts().values()
    assert train.events.time.max() < held.split.valid_from == valid.events.time.min()
    assert valid.events.time.max() < held.split.test_from == test.events.time.min()
    assert [len(part) for part in (train, valid, test)] == [80, 10, 10]


@pytest.mark.parametrize("time", [0, NOW])
def test_a_missing_time_cuts_nothing(rng, time):
    """0 is none, and so is the moment at which the row was read."""
    data = data_of([(n % 4, n // 4, 1, time) for n in range(24)])
    assert not has_time(data).any()
    held = hold_out(data, None, rng)
    assert isinstance(held.split, FixedSplit)
    assert held.protocol == "each user's items dealt at random 70-10-20, since the events have no times"
    with pytest.raises(
        DataError, match=r"cannot be split by time: the events have no times. Compare with --split pairs"
    ):
        hold_out(data, None, rng, "time")


def test_a_few_missing_times_are_left_out_and_many_are_too_many(rng):
    rows = [(n % 4, n % 6, 1, 1000 + n) for n in range(100)]
    held = hold_out(data_of([*rows, (0, 0, 1, 0), (1, 1, 1, NOW)]), None, rng)
    assert held.protocol == "one global time split 80-10-10; 2 events without a time left out"
    assert sum(map(len, held.split.parts().values())) == 100
    held = hold_out(data_of([*rows, *[(n % 4, n % 6, 1, 0) for n in range(50)]]), None, rng)
    assert held.protocol.endswith("since the events have a time in 67% of the cases only")


def test_times_that_are_all_one_cannot_be_cut(rng):
    held = hold_out(data_of([(n % 4, n // 4, 1, 1000) for n in range(24)]), None, rng)
    assert held.protocol.endswith("since their times are too few and too coarse to cut")


def test_a_grade_revised_later_is_a_like_until_then(rng):
    rows = [(n % 4, n // 4, 5, 1000 + n) for n in range(16)]
    rows += [(0, 5, 5, 1020), (1, 5, 5, 1021), (0, 0, 1, 1030), (1, 5, 1, 1031), (2, 5, 5, 1032)]
    data = data_of(rows, "rating", {"rating": Scale(1, 5)})
    split = hold_out(data, None, rng).split
    assert (0, 0) in pairs(split.train)
    assert [pairs(split.valid), pairs(split.test)] == [[(0, 5), (1, 5)], [(2, 5)]]
    assert (0, 0) not in pairs(hold_out(data, None, rng, "pairs").split.past())


def test_pairs_on_request(rng):
    data = data_of([(n % 4, n // 4, 1, 1000 + n) for n in range(24)])
    assert isinstance(hold_out(data, None, rng).split, TimeSplit)
    held = hold_out(data, None, rng, "pairs")
    assert held.protocol == "each user's items dealt at random 70-10-20"
    assert np.bincount(held.split.test.events.user).tolist() == [1, 1, 1, 1]


def test_users_of_one_item_leave_nothing_to_judge_on(rng):
    with pytest.raises(DataError, match="No user has likes enough to hold some out: it takes three"):
        hold_out(data_of([(u, u, 1, 0) for u in range(4)]), None, rng)


def test_likes_are_above_the_middle_of_the_scale_or_from_the_threshold_on():
    rows = [(0, item, value, 0) for item, value in enumerate((1, 2.5, 3, 3.5, 5))]
    data = data_of(rows, "rating", {"rating": Scale(1, 5)})
    assert likes(data).events.item.tolist() == [3, 4]
    assert likes(data, 2.5).events.item.tolist() == [1, 2, 3, 4]
    found = likes(data, 5.0)
    assert (found.events.item.tolist(), found.events.value.tolist(), found.scales) == ([4], [1.0], {})
    assert KINDS[found.events.kind[0]] == "like"
    turned = data_of(rows, "rating", {"rating": Scale(5, 1)})
    assert likes(turned, 2.5).events.item.tolist() == [0, 1]
    with pytest.raises(DataError, match="--threshold 7 is outside the ratings' scale, 1–5"):
        likes(data, 7.0)
    with pytest.raises(DataError, match="There are no ratings, so --threshold 4 says nothing"):
        likes(data_of(rows), 4.0)
    nothing = data.where(np.arange(2))
    assert len(likes(nothing)) == 0
    for test in (None, data):
        with pytest.raises(DataError, match="No event to learn from, or none to judge on, is a like"):
            hold_out(nothing, test, np.random.default_rng(0))


def test_the_latest_grade_of_a_pair_counts():
    rows = [(0, 0, 5, 10), (0, 0, 1, 20), (0, 1, 1, 10), (0, 1, 5, 20), (0, 2, 5, 0), (0, 2, 1, 0), (1, 2, 5, 0)]
    assert pairs(likes(data_of(rows, "rating", {"rating": Scale(1, 5)}))) == [(0, 1), (1, 2)]


def test_plays_stay_as_many_as_they_are_and_a_skip_is_no_like():
    plays = data_of([(0, 0, 3, 0), (0, 0, 2, 0), (1, 0, 1, 0)], "play")
    assert likes(plays).events.value.tolist() == [3, 2, 1]
    assert len(likes(data_of([(0, 0, 1, 0)], "skip"))) == 0


@given(st.integers(0, 5))
def test_each_users_pairs_are_dealt_by_shares(seed):
    split = split_by_pair(WORLD, (0.5, 0.2, 0.3), np.random.default_rng(seed))
    parts = [set(pairs(part)) for part in split.parts().values()]
    assert len(set.union(*parts)) == sum(map(len, parts))
    assert sum(map(len, split.parts().values())) == len(WORLD)
    for user in range(len(WORLD.users)):
        mine = {pair for pair in pairs(WORLD) if pair[0] == user}
        found = [len(mine & part) for part in parts]
        assert sum(found) == len(mine)
        assert found[2] == round(0.3 * len(mine))
        assert found[1] + found[2] == round(0.5 * len(mine))


def test_dealing_pairs_is_by_chance_and_by_seed():
    first, again, other = (split_by_pair(WORLD, (0.8, 0.0, 0.2), np.random.default_rng(s)) for s in (1, 1, 2))
    assert pairs(first.test) == pairs(again.test) != pairs(other.test)
    with pytest.raises(DataError, match="not three parts of 1"):
        split_by_pair(WORLD, (0.5, 0.2, 0.2), np.random.default_rng(0))


def test_the_past_is_train_and_valid_with_all_that_they_say(rng):
    data = replace(WORLD, events=replace(WORLD.events, context={"hour": np.arange(len(WORLD), dtype=np.float32)}))
    split = split_by_pair(data, (0.5, 0.2, 0.3), rng)
    past = split.past()
    assert len(past) == len(split.train) + len(split.valid)
    kept = np.sort(past.events.context["hour"].astype(int))
    np.testing.assert_array_equal(np.sort(data.events.value[kept]), np.sort(past.events.value))
    assert not set(kept) & set(split.test.events.context["hour"].astype(int))
