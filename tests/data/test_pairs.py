"""Pairs of items, against a slow twin that walks through the groups one by one."""

from collections import Counter
from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest

from tastemaker.data.dataset import Dataset
from tastemaker.data.events import KINDS
from tastemaker.data.pairs import Apart, dealt_apart, groups_of, pairs_of
from tastemaker.errors import DataError, LeakError
from tastemaker.testing.interactions import dataset_of_pairs


def played(rows, n_items=9):
    """A Dataset from (user, item, time) or (user, item, time, group)."""
    user, item, time, group = (np.array(c) for c in zip(*((*row, -1)[:4] for row in rows), strict=True))
    data, _ = dataset_of_pairs(user.astype(np.int32), item.astype(np.int32), int(user.max()) + 1, n_items)
    return replace(data, events=replace(data.events, time=time.astype(np.int64), group=group.astype(np.int64)))


def lopsided(rng, n=400, n_users=25, n_items=30):
    item = (n_items * rng.random(n) ** 3).astype(int)
    return played(list(zip(rng.integers(0, n_users, n), item, rng.integers(0, 50, n), strict=True)), n_items)


def slow(data: Dataset, window: int):
    """(a, b) -> [count, share] as the definition says."""
    found: Counter[tuple[int, int]] = Counter()
    shares: Counter[tuple[int, int]] = Counter()
    e = data.events
    for user in range(len(data.users)):
        mine = [(e.time[k], k) for k in range(len(e)) if e.user[k] == user]
        heard = list(dict.fromkeys(int(e.item[k]) for _, k in sorted(mine)))
        reach = window or len(heard)
        for (p, x), (q, y) in combinations(enumerate(heard), 2):
            if q - p <= reach:
                pair = (min(x, y), max(x, y))
                found[pair] += 1
                shares[pair] += 1 / max(1, min(len(heard) - 1, 2 * window if window else 1000))
    return {pair: (found[pair], shares[pair]) for pair in found}


@pytest.mark.parametrize("window", [0, 1, 3])
def test_counts_and_weights_are_those_of_the_slow_twin(rng, window):
    data = lopsided(rng)
    found, expected = pairs_of(data, window), slow(data, window)
    keys = list(zip(found.a.tolist(), found.b.tolist(), strict=True))
    assert keys == sorted(expected)
    np.testing.assert_array_equal(found.count, [expected[k][0] for k in keys])
    often = Counter()
    for (a, b), (n, _) in expected.items():
        often[a] += n
        often[b] += n
    total = sum(often.values())
    for row, (a, b) in enumerate(keys):
        n, share = expected[a, b]
        lift = (n + 1) / (often[a] * often[b] / total + 1)
        assert found.lift[row] == pytest.approx(lift, rel=1e-5)
        assert found.weight[row] == pytest.approx(share * max(0.0, np.log2(lift)), rel=1e-4, abs=1e-6)


def test_a_pair_of_popular_items_weighs_less_than_one_that_seeks_each_other():
    """Items 0 and 1 are everywhere, 2 and 3 only together: equal counts, other weights."""
    rows = [(u, i, t) for u in range(20) for t, i in enumerate((0, 1, 4 + u % 5))]
    rows += [(20 + u, i, t) for u in range(20) for t, i in enumerate((2, 3, 4 + u % 5))]
    rows += [(40 + u, i, t) for u in range(60) for t, i in enumerate((u % 2, 4 + u % 5, 4 + (u + 1) % 5))]
    found = pairs_of(played(rows))
    both = {(int(a), int(b)): row for row, (a, b) in enumerate(zip(found.a, found.b, strict=True))}
    popular, close = both[0, 1], both[2, 3]
    assert found.count[popular] == found.count[close] == 20
    assert found.weight[close] > 1.5 * found.weight[popular]


def test_a_group_counts_once_and_groups_stay_apart():
    found = pairs_of(played([(0, 1, 0, 7), (0, 2, 1, 7), (0, 1, 2, 7), (0, 3, 3, 8), (1, 2, 0, 9), (1, 1, 1, 9)]))
    assert [found.a.tolist(), found.b.tolist(), found.count.tolist()] == [[1], [2], [2.0]]


def test_silence_begins_another_group():
    data = played([(0, 1, 0), (0, 2, 100), (0, 3, 5000), (0, 4, 5100), (1, 5, 5150)])
    found = pairs_of(data, gap=1800)
    assert list(zip(found.a.tolist(), found.b.tolist(), strict=True)) == [(1, 2), (3, 4)]
    assert groups_of(data.events, 1800).tolist() == [0, 0, 1, 1, 2]
    assert len(pairs_of(data)) == 6
    named = played([(0, 1, 0, 7), (0, 2, 9000, 7), (0, 3, 0), (0, 4, 9000)])
    assert groups_of(named.events, 1800).tolist() == [0, 0, 1, 2]


def test_meetings_in_blocks_are_the_same_and_too_many_narrow_the_window(rng, monkeypatch):
    data = lopsided(rng)
    whole, narrow = pairs_of(data), pairs_of(data, 2)
    monkeypatch.setattr("tastemaker.data.pairs.BLOCK", 50)
    blocks = pairs_of(data)
    for name in ("a", "b", "count", "lift"):
        np.testing.assert_array_equal(getattr(blocks, name), getattr(whole, name))
    np.testing.assert_allclose(blocks.weight, whole.weight, rtol=1e-5)
    heard = [len(set(data.events.item[data.events.user == user].tolist())) for user in range(25)]
    monkeypatch.setattr("tastemaker.data.pairs.MOST", sum(n * min(2, n - 1) for n in heard) + 1)
    np.testing.assert_array_equal(pairs_of(data).weight, narrow.weight)
    assert narrow.count.sum() < whole.count.sum()


def test_what_was_skipped_goes_with_nothing():
    data = played([(0, 1, 0), (0, 2, 1), (0, 3, 2)])
    kind = data.events.kind.copy()
    kind[1] = KINDS.index("skip")
    found = pairs_of(replace(data, events=replace(data.events, kind=kind)))
    assert (found.a.tolist(), found.b.tolist()) == ([1], [3])


def test_the_order_of_the_file_says_nothing(rng):
    data = lopsided(rng)
    times = replace(data.events, time=np.arange(len(data)))
    data = replace(data, events=times)
    shuffled = data.where(rng.permutation(len(data)))
    one, other = pairs_of(data, 4), pairs_of(shuffled, 4)
    for name in ("a", "b", "count"):
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name))
    np.testing.assert_allclose(one.weight, other.weight, rtol=1e-5)


def test_no_events_no_pairs():
    data = played([(0, 1, 0)])
    assert len(pairs_of(data)) == 0
    assert len(pairs_of(data.where(np.zeros(1, bool)))) == 0
    assert pairs_of(data).marginal().sum() == 0.0


def test_the_marginal_is_how_often_an_item_is_an_end(rng):
    found = pairs_of(lopsided(rng))
    drawn = rng.choice(len(found), 200_000, p=found.weight / found.weight.sum())
    ends = np.concatenate([found.a[drawn], found.b[drawn]])
    np.testing.assert_allclose(np.bincount(ends, minlength=30) / len(ends), found.marginal(), atol=0.005)


def test_no_pair_crosses_the_split_and_fresh_items_are_learned_from_by_nobody(rng):
    data = lopsided(rng)
    dealt = dealt_apart(data, 0.2, 0.1, rng)
    train, valid = dealt.split.train, dealt.split.valid
    assert not set(train.events.user.tolist()) & set(valid.events.user.tolist())
    assert dealt.fresh.sum() == round(0.1 * len(np.unique(data.events.item)))
    learned = pairs_of(train)
    assert not dealt.fresh[learned.a].any()
    assert not dealt.fresh[learned.b].any()
    assert dealt.fresh[valid.events.item].any()
    with pytest.raises(LeakError, match="is to be new"):
        Apart(replace(dealt.split, train=data.where(~np.isin(data.events.user, valid.events.user))), dealt.fresh)


@pytest.mark.parametrize("wrong", [{"window": -1}, {"gap": -5}])
def test_a_negative_window_is_refused(wrong):
    with pytest.raises(DataError, match="give 0 for none"):
        pairs_of(played([(0, 1, 0)]), **wrong)
