"""Numbers as inputs of a network: the circle, the gaps, and that nothing is learned from items held back."""

import json

import numpy as np
import pytest

from tastemaker.errors import DataError
from tastemaker.features.measures import fit_measures, measures_of
from tastemaker.features.numeric import fit_standard

NAN = np.nan
COLUMNS = {
    "pace": np.array([1.0, 3.0, 5.0, NAN, 100.0], np.float32),
    "hour": np.array([0.0, 6.0, 12.0, 18.0, 23.0], np.float32),
    "same": np.full(5, 7.0, np.float32),
}
SEEN = np.array([True, True, True, True, False])


def test_names_say_what_each_column_is():
    found = fit_measures(COLUMNS, SEEN, {"hour": 24})
    assert found.names == ("pace", "same", "hour sin", "hour cos", "pace missing")
    assert found.encode(COLUMNS).shape == (5, 5)
    assert found.encode(COLUMNS).dtype == np.float32


def test_a_circle_has_no_seam():
    hours = {"hour": np.arange(24, dtype=np.float32)}
    rows = fit_measures(hours, np.ones(24, bool), {"hour": 24}).encode(hours)
    steps = np.linalg.norm(rows - np.roll(rows, 1, axis=0), axis=1)
    np.testing.assert_allclose(steps, steps[0], rtol=1e-5)  # from 23 to 0 as from 0 to 1
    np.testing.assert_allclose(rows.std(axis=0), 1.0, rtol=1e-5)
    assert np.linalg.norm(rows[0] - rows[23]) < np.linalg.norm(rows[0] - rows[12])


def test_plain_columns_are_the_standard_scores_of_the_items_fitted_on():
    found = fit_measures(COLUMNS, SEEN, {"hour": 24})
    expected = fit_standard({"pace": COLUMNS["pace"][SEEN]}, ["pace"]).encode([COLUMNS["pace"]])
    np.testing.assert_array_equal(found.encode(COLUMNS)[:, 0], expected[:, 0])
    np.testing.assert_array_equal(found.encode(COLUMNS)[:, 1], 0.0)
    late = {**COLUMNS, "pace": np.array([1.0, 3.0, 5.0, NAN, -4e6], np.float32)}
    other = fit_measures(late, SEEN, {"hour": 24})
    np.testing.assert_array_equal(other.encode(COLUMNS), found.encode(COLUMNS))


def test_what_is_missing_is_the_mean_and_flagged():
    rows = fit_measures(COLUMNS, SEEN, {"hour": 24}).encode(COLUMNS)
    np.testing.assert_array_equal(rows[:, 0] == 0.0, [False, True, False, True, False])  # 3 is the mean, too
    np.testing.assert_array_equal(rows[:, -1], [0, 0, 0, 1, 0])


def test_a_gap_that_nobody_could_learn_from_is_filled_without_a_flag():
    whole = fit_measures(COLUMNS, np.array([True, True, True, False, True]), {"hour": 24})
    assert "pace missing" not in whole.names
    assert whole.encode(COLUMNS)[3, 0] == 0.0
    nothing = {"pace": np.full(5, NAN, np.float32)}
    empty = fit_measures(nothing, SEEN)
    assert empty.names == ("pace",)
    np.testing.assert_array_equal(empty.encode(nothing), 0.0)


def test_a_missing_hour_is_nowhere_on_the_circle():
    gone = {"hour": np.array([0.0, 6.0, 12.0, 18.0, NAN], np.float32)}
    rows = fit_measures(gone, np.ones(5, bool), {"hour": 24}).encode(gone)
    np.testing.assert_allclose(rows[4], [0.0, 0.0, 1.0], atol=1e-6)


def test_kept_as_json_it_comes_back():
    found = fit_measures(COLUMNS, SEEN, {"hour": 24})
    again = measures_of(json.loads(json.dumps(found.as_json())))
    np.testing.assert_array_equal(again.encode(COLUMNS), found.encode(COLUMNS))
    assert again.names == found.names


def test_a_period_of_nothing_is_refused_by_name():
    with pytest.raises(DataError, match="'hour' is 0"):
        fit_measures(COLUMNS, SEEN, {"hour": 0})


def test_columns_that_the_table_lacks_are_left_out():
    assert fit_measures({"pace": COLUMNS["pace"]}, SEEN, {"hour": 24}).names == ("pace", "pace missing")


def test_no_columns_no_numbers():
    assert fit_measures({}, SEEN).encode({}).shape[1] == 0
