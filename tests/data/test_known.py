"""What was known before each event, against a loop that looks at every pair of events."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tastemaker.data.catalog import Catalog
from tastemaker.data.dataset import Dataset, Scale
from tastemaker.data.events import events_of
from tastemaker.data.known import known_before
from tastemaker.data.vocab import Vocab

ITEMS, USERS = 4, 3


def data_of(rows: list[tuple[int, int, int, int]]) -> Dataset:
    """(user, item, stars, time) rows."""
    user, item, stars, time = (np.array(column) for column in zip(*rows, strict=True))
    catalog = Catalog(Vocab(tuple("abcd")), tuple("ABCD"))
    events = events_of(user, item, stars, "rating", time=time.astype(np.int64))
    return Dataset(events, catalog, Vocab(("u", "v", "w")), scales={"rating": Scale(1, 5)})


def slow(data: Dataset, at: int, until: float) -> np.ndarray:
    e, found = data.events, np.full(ITEMS, np.nan, np.float32)
    when = np.full(ITEMS, -1.0)
    for j in range(len(data)):
        before = e.time[j] < min(e.time[at], until) and e.user[j] == e.user[at]
        if before and e.item[j] != e.item[at] and e.time[j] >= when[e.item[j]]:
            found[e.item[j]], when[e.item[j]] = data.signed()[j], e.time[j]
    return found


ROWS = st.lists(
    st.tuples(st.integers(0, USERS - 1), st.integers(0, ITEMS - 1), st.integers(1, 5), st.integers(0, 6)),
    min_size=1,
    max_size=25,
)


@given(ROWS, st.sampled_from([None, 0, 3, 99]))
@settings(max_examples=60, deadline=None)
def test_histories_are_what_a_loop_finds(rows: list[tuple[int, int, int, int]], until: int | None) -> None:
    data = data_of(rows)
    asked = np.arange(len(data))[::-1].copy()
    for block, batch in known_before(data, asked, until):
        for q, at in enumerate(block):
            mine = batch.ratings[[q]].tocoo()
            found = np.full(ITEMS, np.nan, np.float32)
            found[mine.coords[1]] = mine.data
            np.testing.assert_array_equal(found, slow(data, int(at), np.inf if until is None else until))
            assert batch.now[q] == data.events.time[at]


def test_a_revised_grade_is_not_told_to_who_is_asked_for_it() -> None:
    data = data_of([(0, 0, 5, 1), (0, 1, 3, 2), (0, 0, 1, 3)])
    ((_, batch),) = known_before(data, np.array([2]))
    assert batch.ratings[[0]].indices.tolist() == [1]
    assert batch.ratings[[0]].data.tolist() == [pytest.approx(0.0)]  # a grade in the middle is known all the same
