import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tastemaker.features.numeric import fit_standard

nan = np.nan


def encoded(*columns, fitted=None):
    named = {f"c{i}": np.array(column, np.float32) for i, column in enumerate(columns)}
    known = named if fitted is None else {name: column[fitted] for name, column in named.items()}
    return fit_standard(known, tuple(named)).encode(list(named.values()))


def test_numbers_become_standard_scores_column_by_column():
    found = encoded([1, 2, 3, 6], [10, 10, 10, 50])
    assert found.dtype == np.float32
    np.testing.assert_allclose(found[:, 0], (np.array([1, 2, 3, 6]) - 3) / np.sqrt(3.5), rtol=1e-6)
    np.testing.assert_allclose(found[:, 1], np.array([-10, -10, -10, 30]) / np.sqrt(300), rtol=1e-6)


def test_a_missing_number_is_the_mean_and_does_not_move_it():
    found = encoded([1, nan, 3])
    np.testing.assert_allclose(found[:, 0], [-1, 0, 1], rtol=1e-6)


@pytest.mark.parametrize("column", [[5, 5, 5], [nan, nan, nan], [0.1] * 1000, [1e9] * 77, [3, nan, nan]])
def test_a_column_that_tells_nothing_is_all_0(column):
    assert not encoded(column).any()


def test_other_items_are_measured_with_the_spread_of_the_fitted_ones():
    found = encoded([0, 2, 5, 1000], fitted=[0, 1])
    np.testing.assert_allclose(found[:, 0], [-1, 1, 4, 10], rtol=1e-6)  # the last is clipped


def test_large_numbers_that_hardly_differ_keep_their_order():
    seconds = np.arange(1_700_000_000, 1_700_000_000 + 86_400 * 400, 86_400)
    assert (np.diff(encoded(seconds)[:, 0]) > 0).all()


@given(st.lists(st.one_of(st.floats(-1e6, 1e6, width=32), st.just(nan)), min_size=1, max_size=30))
def test_every_score_is_finite_and_within_10(column):
    found = encoded(column)
    assert np.isfinite(found).all()
    assert np.abs(found).max() <= 10.0
