from itertools import combinations
from math import log2

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.sparse import csr_array

from tastemaker.metrics import coverage, diversity, gini, novelty, popularity_bias, popularity_of

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


# --- novelty, diversity, popularity

NAN = float("nan")
VECTORS = np.float32([[3, 0, 0], [0, 2, 0], [1, 1, 0], [0, 0, 0], [-1, 0, 4], [3, 0, 0], [0, 0, -2]])


def mean(values):
    known = [v for v in values if not np.isnan(v)]
    return sum(known) / len(known) if known else NAN


def slow_novelty(shown, popularity):
    rarest = min((p for p in popularity if p > 0), default=None)
    if rarest is None:
        return NAN
    return mean([mean([-log2(popularity[i] or rarest) for i in row if i >= 0]) for row in shown])


def slow_diversity(shown, vectors):
    def apart(i, j):
        a, b = vectors[i].astype(float), vectors[j].astype(float)
        size = np.linalg.norm(a) * np.linalg.norm(b)
        return 1.0 - a @ b / size if size else 1.0

    return mean([mean([apart(i, j) for i, j in combinations([i for i in row if i >= 0], 2)]) for row in shown])


def slow_bias(shown, popularity, histories):
    lists = [mean([popularity[i] for i in row if i >= 0]) for row in shown]
    own = [mean([popularity[i] for i in range(len(popularity)) if row[i]]) for row in histories]
    both = [(a, b) for a, b in zip(lists, own, strict=True) if not np.isnan(a + b)]
    below = sum(b for _, b in both)
    return mean(lists), sum(a for a, _ in both) / below if below else NAN


@st.composite
def distinct_lists(draw):
    q, k = draw(st.integers(1, 5)), draw(st.integers(1, 8))
    shown = np.full((q, k), -1, np.int32)
    for row in shown:
        mine = draw(st.permutations(range(7)))[:k][: draw(st.integers(0, k))]
        row[: len(mine)] = mine
    return shown


def draw_histories(data, q):
    cells = st.lists(st.sampled_from([0.0, 0.0, 1.0, 2.5]), min_size=7, max_size=7)
    return np.float32(data.draw(st.lists(cells, min_size=q, max_size=q)))


@given(distinct_lists(), st.data())
def test_novelty_and_popularity_are_their_slow_twins(shown, data):
    histories = draw_histories(data, len(shown))
    popularity = popularity_of(csr_array(histories))
    assert popularity == pytest.approx((histories > 0).mean(axis=0))
    assert novelty(shown, popularity) == pytest.approx(slow_novelty(shown.tolist(), popularity), nan_ok=True)
    found = popularity_bias(shown, popularity, csr_array(histories))
    assert tuple(found) == pytest.approx(slow_bias(shown.tolist(), popularity, histories), nan_ok=True)


@given(distinct_lists())
def test_diversity_is_its_slow_twin(shown):
    assert diversity(shown, VECTORS) == pytest.approx(slow_diversity(shown.tolist(), VECTORS), nan_ok=True)


@given(distinct_lists(), st.data(), st.randoms(use_true_random=False))
def test_bounds_and_the_order_of_users(shown, data, random):
    histories = csr_array(draw_histories(data, len(shown)))
    popularity = popularity_of(histories)
    order = random.sample(range(len(shown)), len(shown))
    bits, apart = novelty(shown, popularity), diversity(shown, VECTORS)
    bias = popularity_bias(shown, popularity, histories)
    assert np.isnan(bits) or 0.0 <= bits <= log2(len(shown)) + 1e-9
    assert np.isnan(apart) or 0.0 <= apart <= 2.0 + 1e-9
    assert np.isnan(bias.popularity) or 0.0 <= bias.popularity <= 1.0
    turned = popularity_bias(shown[order], popularity, histories[order])
    wanted = (bits, apart, *bias)
    found = (novelty(shown[order], popularity), diversity(shown[order], VECTORS), *turned)
    assert found == pytest.approx(wanted, nan_ok=True)


def test_the_ends_of_novelty_and_diversity():
    popularity = np.array([1.0, 0.5, 0.125, 0.0])
    assert novelty(np.int32([[0]]), popularity) == 0.0
    assert novelty(np.int32([[1, 2]]), popularity) == 2.0  # 1 bit and 3 bits
    assert novelty(np.int32([[3]]), popularity) == 3.0  # nobody had it: as rare as the rarest
    assert np.isnan(novelty(np.int32([[0]]), np.zeros(2)))
    same, opposite = np.float32([[1, 2], [2, 4]]), np.float32([[1, 2], [-3, -6]])
    assert diversity(np.int32([[0, 1]]), same) == pytest.approx(0.0)
    assert diversity(np.int32([[0, 1]]), opposite) == pytest.approx(2.0)
    assert np.isnan(diversity(np.int32([[0, -1]]), same))


def test_who_is_shown_what_they_have_has_no_bias():
    histories = csr_array(np.float32([[1, 1, 0], [1, 0, 0], [0, 0, 0]]))
    popularity = popularity_of(histories)
    assert popularity.tolist() == pytest.approx([2 / 3, 1 / 3, 0.0])
    same = popularity_bias(np.int32([[0, 1], [0, -1], [-1, -1]]), popularity, histories)
    assert same == pytest.approx((7 / 12, 1.0))
    only_popular = popularity_bias(np.int32([[0], [0], [0]]), popularity, histories)
    assert only_popular == pytest.approx((2 / 3, (4 / 3) / (1 / 2 + 2 / 3)))
