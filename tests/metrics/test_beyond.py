import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tastemaker.metrics import coverage, gini

lists = st.lists(st.lists(st.integers(-1, 6), min_size=3, max_size=3), min_size=1, max_size=6).map(np.int32)


@given(lists)
def test_they_are_their_slow_twins(shown):
    counts = [sum(int(item == i) for row in shown for item in row) for i in range(7)]
    assert coverage(shown, 7) == pytest.approx(sum(c > 0 for c in counts) / 7)
    if not any(counts):
        assert np.isnan(gini(shown, 7))
        return
    apart = sum(abs(a - b) for a in counts for b in counts)  # Gini's mean difference, over all pairs
    assert gini(shown, 7) == pytest.approx(apart / (2 * 7 * sum(counts)))


@given(lists, st.randoms(use_true_random=False))
def test_they_lie_in_0_to_1_and_the_order_of_users_does_not_matter(shown, random):
    order = list(range(len(shown)))
    random.shuffle(order)
    for metric in (coverage, gini):
        found = metric(shown, 7)
        assert np.isnan(found) or 0.0 <= found <= 1.0
        np.testing.assert_equal(metric(shown[order], 7), found)


def test_the_ends():
    everything, one = np.int32([[0, 1], [2, 3]]), np.int32([[0, 0], [0, -1]])
    assert (coverage(everything, 4), gini(everything, 4)) == (1.0, 0.0)
    assert (coverage(one, 4), gini(one, 4)) == (0.25, 0.75)
    assert np.isnan(coverage(one[:0], 0))
