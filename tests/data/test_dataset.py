from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tastemaker.data.catalog import Catalog
from tastemaker.data.dataset import Dataset, Scale
from tastemaker.data.events import events_of
from tastemaker.data.vocab import Vocab
from tastemaker.errors import DataError

CATALOG = Catalog(Vocab(("a", "b", "c", "d")), ("A", "B", "C", "D"))
USERS = Vocab(("u", "v", "w"))
rows = st.lists(
    st.tuples(st.integers(0, 2), st.integers(0, 3), st.integers(-2, 5), st.integers(0, 3)), max_size=12
)  # user, item, value, time: repeats and equal times are likely


def made(events, kind="rating"):
    user, item, value, time = np.array(events, np.int64).reshape(-1, 4).T
    return Dataset(events_of(user, item, value, kind, time=time), CATALOG, USERS)


@given(rows)
def test_last_keeps_the_latest_event_of_each_pair(events):
    latest = {}
    for user, item, value, time in events:
        if (user, item) not in latest or time >= latest[user, item][1]:
            latest[user, item] = (value, time)
    matrix = made(events).matrix("last")
    assert matrix.shape == (3, 4)
    assert matrix.nnz == len(latest)  # a value of 0 is a value
    assert matrix.has_sorted_indices
    dense = matrix.toarray()
    assert all(dense[pair] == value for pair, (value, _) in latest.items())


@given(rows)
def test_sum_adds_them_up(events):
    expected = np.zeros((3, 4))
    for user, item, value, _ in events:
        expected[user, item] += value
    np.testing.assert_array_equal(made(events).matrix("sum").toarray(), expected)


def test_other_values_may_stand_in():
    data = made([(0, 1, 5, 0), (0, 1, 2, 1)])
    assert data.matrix("last", np.float32([-1, 1])).toarray()[0, 1] == 1.0
    assert data.matrix("sum", np.float32([-1, 3])).toarray()[0, 1] == 2.0


@pytest.mark.parametrize(
    ("scale", "values", "signed"),
    [
        (Scale(worst=10, best=1), [10, 1, 5.5, 11, 0], [-1, 1, 0, -1, 1]),
        (Scale(worst=1, best=5), [1, 2, 3, 5], [-1, -0.5, 0, 1]),
    ],
)
def test_scales_turn_grades_into_preferences(scale, values, signed):
    found = scale.signed(np.float32(values))
    assert found.dtype == np.float32
    assert found.tolist() == signed


def test_a_scale_knows_its_ends():
    assert [Scale(10, 1).contains(v) for v in (0.9, 1, 10, 10.1, float("nan"))] == [False, True, True, False, False]
    with pytest.raises(DataError, match="two different ends; both are 3"):
        Scale(3, 3)


def test_kinds_without_a_scale_are_likes():
    ratings = made([(0, 1, 1, 0), (1, 1, 3, 0)])
    assert ratings.signed().tolist() == [1.0, 1.0]
    assert replace(ratings, scales={"rating": Scale(1, 5)}).signed().tolist() == [-1.0, 0.0]
    assert replace(ratings, scales={"ranking": Scale(10, 1)}).signed().tolist() == [1.0, 1.0]


def test_profiles_that_nobody_gave_are_not_stated():
    data = replace(made([]), tastes=("x", "y"), profiles=np.zeros((0, 0), np.float32))
    assert data.profiles.shape == (3, 2)
    assert np.isnan(data.profiles).all()
    with pytest.raises(DataError, match=r"Profiles are \(2, 2\), not \(3, 2\)"):
        replace(data, profiles=np.zeros((2, 2), np.float32))


@pytest.mark.parametrize(
    ("event", "what"), [((3, 0, 1, 0), "user row is outside 0–2"), ((0, 4, 1, 0), "item row is outside 0–3")]
)
def test_events_of_rows_that_do_not_exist_are_refused(event, what):
    with pytest.raises(DataError, match=what):
        made([event])
    with pytest.raises(DataError, match="outside"):
        made([(-1, 0, 1, 0)])


def test_a_cut_keeps_users_and_catalog_whole(world):
    data = world.data.where(world.data.events.synthetic)
    assert 0 < len(data) < len(world.data)
    assert data.events.synthetic.all()
    assert data.users == world.data.users
    assert data.catalog == world.data.catalog
