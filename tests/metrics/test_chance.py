from itertools import pairwise, permutations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tastemaker.kernels.ranking import METRICS
from tastemaker.metrics import random_order

from ..kernels.test_ranking import slow


@pytest.mark.parametrize("n", range(1, 7))
def test_it_is_the_mean_over_all_orders(n):
    for n_relevant in range(1, n + 1):
        for k in (1, 2, 4, 8):
            shown = [slow([*order[:k], *[-1] * (k - n)], set(range(n_relevant))) for order in permutations(range(n))]
            found = random_order(np.array([n]), np.array([n_relevant]), k)
            for name in METRICS:
                assert found[name][0] == pytest.approx(np.mean([each[name] for each in shown])), (name, n_relevant, k)


@given(st.lists(st.tuples(st.integers(1, 500), st.integers(0, 499)), min_size=1, max_size=6), st.integers(1, 30))
def test_it_lies_in_0_to_1_and_what_is_all_relevant_is_found(sizes, k):
    n = np.array([size for size, _ in sizes])
    few = 1 + np.array([less for _, less in sizes]) % n
    for name, values in random_order(n, few, k).items():
        assert ((values >= 0.0) & (values <= 1.0 + 1e-9)).all(), name
    for name in ("ndcg", "map", "mrr", "hit"):
        assert random_order(n, n, k)[name] == pytest.approx(np.ones(len(n)))


def test_a_longer_list_finds_more():
    n, few = np.array([40, 40]), np.array([1, 7])
    for name in ("recall", "mrr", "hit"):
        values = [random_order(n, few, k)[name] for k in (1, 5, 20, 40, 41)]
        assert all((late >= early - 1e-12).all() for early, late in pairwise(values))
        assert values[-1] == pytest.approx(values[-2])
