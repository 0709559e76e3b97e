from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tastemaker.data.split import FixedSplit, GroupSplit, Split, TimeSplit, split_by_group, split_by_time
from tastemaker.data.vocab import Vocab
from tastemaker.errors import DataError, LeakError
from tastemaker.testing import lopsided_world

DATA = lopsided_world().data
TIMES = np.sort(DATA.events.time)
EARLY, LATE = int(TIMES[len(TIMES) // 2]), int(TIMES[len(TIMES) * 3 // 4])


def test_by_the_clock_everybody_is_cut_at_the_same_moments():
    split = split_by_time(DATA, EARLY, LATE)
    assert split.train.events.time.max() < EARLY <= split.valid.events.time.min()
    assert split.valid.events.time.max() < LATE <= split.test.events.time.min()
    assert [len(part) > 100 for part in split.parts().values()] == [True] * 3
    assert sum(map(len, split.parts().values())) == len(DATA)


@pytest.mark.parametrize(
    ("part", "source", "bound"),
    [
        ("train", "valid", "upper"), ("valid", "test", "upper"),
        ("valid", "train", "lower"), ("test", "valid", "lower"),
    ],
)  # fmt: skip
def test_an_event_on_the_wrong_side_of_either_bound_cannot_be_built(part, source, bound):
    good = split_by_time(DATA, EARLY, LATE)
    with pytest.raises(LeakError, match=rf"{part} holds an event at \d+, outside .*split_by_time"):
        replace(good, **{part: good.parts()[source]})
    assert bound in {"upper", "lower"}


def test_one_event_at_the_very_bound_is_a_leak():
    good = split_by_time(DATA, EARLY, LATE)
    at_bound = DATA.where(DATA.events.time == EARLY)
    assert len(at_bound)
    with pytest.raises(LeakError, match=f"train holds an event at {EARLY}"):
        replace(good, train=at_bound)


def test_bounds_in_the_wrong_order_are_refused():
    with pytest.raises(LeakError, match="Give valid_from <= test_from"):
        split_by_time(DATA, LATE, EARLY)


def test_no_validation_time_is_a_split_too():
    split = split_by_time(DATA, EARLY, EARLY)
    assert len(split.valid) == 0
    assert len(split.train) + len(split.test) == len(DATA)


@given(st.sampled_from(["user", "item", "group"]), st.integers(0, 5))
def test_groups_are_dealt_whole(by, seed):
    split = split_by_group(DATA, by, (0.6, 0.1, 0.3), np.random.default_rng(seed))
    keys = [set(getattr(part.events, by).tolist()) for part in split.parts().values()]
    assert all(a.isdisjoint(b) for a, b in combinations(keys, 2))
    assert sum(map(len, split.parts().values())) == len(DATA)
    n = sum(map(len, keys))
    assert [len(k) for k in keys] == [round(0.6 * n), round(0.7 * n) - round(0.6 * n), n - round(0.7 * n)]


def test_dealing_is_by_chance_and_by_seed():
    first, again, other = (split_by_group(DATA, "user", (0.5, 0.2, 0.3), np.random.default_rng(s)) for s in (1, 1, 2))
    np.testing.assert_array_equal(first.train.events.user, again.train.events.user)
    assert set(first.train.events.user.tolist()) != set(other.train.events.user.tolist())


def test_shares_may_be_0_but_must_be_three_parts_of_1():
    assert len(split_by_group(DATA, "user", (0.8, 0.0, 0.2), np.random.default_rng(0)).valid) == 0
    for shares in ((0.5, 0.5), (0.5, 0.2, 0.2), (1.2, -0.1, -0.1)):
        with pytest.raises(DataError, match="not three parts of 1"):
            split_by_group(DATA, "user", shares, np.random.default_rng(0))


@pytest.mark.parametrize(("by", "name"), [("user", "'user 2'"), ("item", "'item 0'"), ("group", "2")])
def test_a_group_in_two_parts_cannot_be_built(by, name):
    mine = DATA.events.user == 2 if by != "item" else DATA.events.item == 0
    first = np.flatnonzero(mine)[:1]
    rest = DATA.where(np.setdiff1d(np.arange(len(DATA)), first))
    nothing = DATA.where(np.zeros(len(DATA), bool))
    for parts in (
        (rest, DATA.where(first), nothing),
        (nothing, rest, DATA.where(first)),
        (DATA.where(first), nothing, rest),
    ):
        with pytest.raises(LeakError, match=f"{by} {name} has events in .* and in .*split_by_group"):
            GroupSplit(*parts, by)


def test_an_event_of_no_group_cannot_be_split_by_group():
    loose = replace(DATA, events=replace(DATA.events, group=np.full(len(DATA), -1)))
    with pytest.raises(DataError, match=r"belongs to no group.*Split by user or item"):
        split_by_group(loose, "group", (0.8, 0.1, 0.1), np.random.default_rng(0))


def test_as_published_no_pair_of_user_and_item_stands_in_two_parts():
    pair = DATA.events.user.astype(np.int64) * 1000 + DATA.events.item
    train, test = DATA.where(pair % 3 == 0), DATA.where(pair % 3 == 1)
    nothing = DATA.where(np.zeros(len(DATA), bool))
    assert FixedSplit(train, nothing, test).parts()["test"] is test  # the same user or item may stand in both
    leaked = DATA.where((pair % 3 == 1) | (pair == pair[0]))
    held = DATA.where(pair == pair[0])
    user, item = DATA.users.ids[DATA.events.user[0]], DATA.catalog.items.ids[DATA.events.item[0]]
    with pytest.raises(LeakError, match=f"User {user!r} and item {item!r} stand in train and in test"):
        FixedSplit(leaked, nothing, held)
    with pytest.raises(LeakError, match="in train and in valid"):
        FixedSplit(leaked, held, nothing)


def test_parts_of_different_worlds_are_refused():
    other = replace(DATA, users=Vocab(tuple(f"somebody {u}" for u in range(len(DATA.users)))))
    with pytest.raises(DataError, match="valid speaks of other users or items"):
        FixedSplit(DATA, other, DATA)


def test_a_split_that_promises_nothing_cannot_be_built():
    with pytest.raises(TypeError, match="abstract"):
        Split(DATA, DATA, DATA)


def test_an_empty_past_can_be_split():
    nothing = DATA.where(np.zeros(len(DATA), bool))
    assert isinstance(split_by_time(nothing, 1, 2), TimeSplit)
    assert len(split_by_group(nothing, "user", (1.0, 0.0, 0.0), np.random.default_rng(0)).train) == 0
