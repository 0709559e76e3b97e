import numpy as np
import pytest

from tastemaker.algorithms.liked import liked
from tastemaker.data.catalog import Catalog
from tastemaker.data.dataset import Dataset, Scale
from tastemaker.data.events import KINDS, Events
from tastemaker.data.vocab import Vocab
from tastemaker.errors import DataError, TrainingError

from .made import STARS

SCALES = {"rating": STARS, "ranking": Scale(worst=10, best=1)}


def told(*rows, scales=SCALES):
    """rows: (user, item, kind, value) in the order of time, or with a time of their own."""
    full = [(*row, t)[:5] if len(row) == 4 else row for t, row in enumerate(rows)]
    user, item, kind, value, time = (list(column) for column in zip(*full, strict=True))
    n = len(rows)
    moments = np.array(time, np.int64)
    events = Events(
        np.array(user, np.int32), np.array(item, np.int32), np.array(value, np.float32), moments, moments,
        np.array([KINDS.index(k) for k in kind], np.int8), np.zeros(n, bool), np.full(n, -1),
    )  # fmt: skip
    items, users = (Vocab(tuple(f"{what} {row}" for row in range(4))) for what in ("item", "user"))
    return Dataset(events, Catalog(items, items.ids), users, scales=scales)


def cells(matrix):
    row, column = matrix.nonzero()
    return {(int(u), int(i)): float(matrix[u, i]) for u, i in zip(row, column, strict=True)}


def test_a_grade_above_the_middle_is_a_like():
    """Stars rise, ranks fall; the middle itself, 3 stars or a rank of 5.5, is none."""
    data = told(
        (0, 0, "rating", 5), (0, 1, "rating", 3.5), (0, 2, "rating", 3), (0, 3, "rating", 1),
        (1, 0, "ranking", 1), (1, 1, "ranking", 5), (1, 2, "ranking", 5.5), (1, 3, "ranking", 6),
    )  # fmt: skip
    assert cells(liked(data)) == {(0, 0): 1, (0, 1): 1, (1, 0): 1, (1, 1): 1}


def test_a_kind_without_a_scale_is_a_count_whatever_it_is_called():
    assert cells(liked(told((0, 0, "rating", 1), scales={}), counts=True)) == {(0, 0): 1}


def test_the_latest_grade_counts_wherever_it_stands_and_the_last_one_among_equals():
    data = told(
        (0, 0, "rating", 5, 10), (0, 0, "rating", 1, 20),  # liked, then not
        (0, 1, "rating", 5, 20), (0, 1, "rating", 1, 10),  # not, then liked, in another order
        (0, 2, "rating", 1, 10), (0, 2, "rating", 5, 10),  # at one moment
        (1, 0, "rating", 5, 10), (1, 0, "ranking", 9, 11),  # of two kinds
    )  # fmt: skip
    assert cells(liked(data, counts=True)) == {(0, 1): 1, (0, 2): 1}


def test_counts_add_up_and_a_like_is_one_of_them():
    data = told(
        (0, 0, "play", 3), (0, 0, "play", 2), (0, 0, "like", 1), (0, 0, "click", 1), (1, 2, "play", 0.25),
        (2, 1, "rating", 5), (2, 1, "rating", 4), (2, 1, "play", 2),
    )  # fmt: skip
    assert cells(liked(data, counts=True)) == {(0, 0): 7, (1, 2): 0.25, (2, 1): 3}
    assert cells(liked(data)) == {(0, 0): 1, (1, 2): 1, (2, 1): 1}


@pytest.mark.parametrize("value", [1, 0, -3])
def test_a_skip_is_no_like_and_takes_none_away(value):
    data = told((0, 0, "skip", value), (0, 1, "skip", value), (0, 1, "play", 2))
    assert cells(liked(data, counts=True)) == {(0, 1): 2}


def test_what_comes_out_is_what_algorithms_take():
    found = liked(told((1, 3, "play", 2), (1, 0, "like", 1), (3, 2, "rating", 1)), counts=True)
    assert found.shape == (4, 4)
    assert found.dtype == np.float32
    assert found.has_sorted_indices
    assert (found.data > 0).all(), "no zero is stored: an algorithm takes a stored cell for a like"
    np.testing.assert_array_equal(found.indptr, [0, 0, 2, 2, 2])


@pytest.mark.parametrize(("kind", "value", "why"), [
    ("play", 0, "has the value 0, and a count must be above 0"),
    ("play", -2.5, "has the value -2.5, and a count must be above 0"),
    ("like", 0, "has the value 0, and a count must be above 0"),
    ("play", np.nan, "has the value nan, which is no number"),
    ("click", np.inf, "has the value inf, which is no number"),
    ("rating", np.nan, "has the value nan, which is no number"),
    ("skip", np.nan, "has the value nan, which is no number"),
    ("rating", -np.inf, "has the value -inf, which is no number"),
])  # fmt: skip
def test_a_value_that_is_no_count_and_no_grade_is_refused_by_name(kind, value, why):
    data = told((0, 0, "like", 1), (2, 3, kind, value), (1, 1, kind, value))
    with pytest.raises(DataError) as refused:
        liked(data)
    message = str(refused.value)
    assert message.startswith(f"The {kind} of user 'user 2' and item 'item 3' {why} (2 such events). ")
    assert "Correct or drop them" in message


@pytest.mark.parametrize("rows", [
    [(0, 0, "rating", 1), (1, 1, "ranking", 9)], [(0, 0, "skip", 1)], [(0, 0, "rating", 3)],
])  # fmt: skip
def test_without_a_like_there_is_nothing_to_learn_from(rows):
    with pytest.raises(TrainingError, match=f"None of the {len(rows)} events is a like"):
        liked(told(*rows))


def test_the_events_are_left_alone():
    data = told((0, 0, "play", 3), (0, 0, "play", 2), (1, 0, "rating", 5))
    before = data.events.value.copy()
    liked(data)
    np.testing.assert_array_equal(data.events.value, before)
