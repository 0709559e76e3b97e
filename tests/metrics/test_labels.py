import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tastemaker.metrics.labels import best_threshold, calibration_error, f1_of_labels


@given(st.integers(0, 2**32 - 1))
def test_f1_is_by_hand(seed):
    rng = np.random.default_rng(seed)
    chosen, has = rng.random((2, 12, 3)) < 0.4
    for label, found in enumerate(f1_of_labels(chosen, has)):
        both, said, there = (chosen & has)[:, label].sum(), chosen[:, label].sum(), has[:, label].sum()
        precision, recall = both / said if said else 0.0, both / there if there else 0.0
        expected = 2 * precision * recall / (precision + recall) if precision + recall else 0.0
        assert found == pytest.approx(expected)


@given(st.integers(0, 2**32 - 1))
def test_no_threshold_is_better_than_the_best(seed):
    rng = np.random.default_rng(seed)
    chance = np.round(rng.random(20), 1).astype(np.float32)
    has = rng.random(20) < chance

    def f1(threshold):
        return float(f1_of_labels((chance >= threshold)[:, None], has[:, None])[0])

    if has.any():
        assert f1(best_threshold(chance, has)) == pytest.approx(max(f1(t) for t in [*np.unique(chance), 1e-4]))


def test_a_label_that_never_is_has_a_threshold_of_a_half():
    assert best_threshold(np.array([0.9, 0.1], np.float32), np.array([False, False])) == 0.5


def test_calibration_error_is_the_distance_in_bins():
    chances = np.array([[0.9], [0.9], [0.1], [0.1]], np.float32)
    has = np.array([[True], [False], [False], [False]])
    assert calibration_error(chances, has) == pytest.approx(0.5 * 0.4 + 0.5 * 0.1)
    chances[0] = np.nan
    assert calibration_error(chances, has) == pytest.approx((0.9 + 0.2) / 3, abs=1e-6)
    assert np.isnan(calibration_error(np.full((2, 2), np.nan, np.float32), np.zeros((2, 2), bool)))
