import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from tastemaker.data.arrays import csr
from tastemaker.kernels.topk_plain import top_rows

values = st.sampled_from([np.nan, -1.5, 0.0, 0.0, 0.25, 3.0])  # ties and gaps are likely


@given(st.lists(values, min_size=1, max_size=12), st.integers(0, 14), st.data())
def test_it_is_sorted_python(row, n, data):
    banned = data.draw(st.sets(st.integers(0, len(row) - 1)))
    allowed = np.array(data.draw(st.lists(st.booleans(), min_size=len(row), max_size=len(row))))
    scores = np.float32([[*row], row[::-1]])
    cells = np.array(sorted(banned), np.int64)
    exclude = csr(np.zeros(len(cells), np.int64), cells, np.ones(len(cells), np.float32), scores.shape)
    rows, found = top_rows(scores, n, exclude, allowed)
    for q in range(2):
        out = banned if q == 0 else set()
        open_ = [i for i in range(len(row)) if not np.isnan(scores[q, i]) and allowed[i] and i not in out]
        best = sorted(open_, key=lambda i: (-scores[q, i], i))[:n]
        assert rows[q].tolist() == best + [-1] * (n - len(best))
        np.testing.assert_array_equal(found[q], [*scores[q, best], *[np.nan] * (n - len(best))])


def test_the_scores_given_are_left_alone():
    scores = np.float32([[1.0, np.nan, 2.0]])
    top_rows(
        scores, 2, csr(np.array([0]), np.array([2]), np.ones(1, np.float32), (1, 3)), np.array([True, True, False])
    )
    np.testing.assert_array_equal(scores, np.float32([[1.0, np.nan, 2.0]]))


def test_a_stored_zero_excludes_nothing():
    exclude = csr(np.array([0]), np.array([1]), np.zeros(1, np.float32), (1, 2))
    assert top_rows(np.float32([[0.0, 1.0]]), 1, exclude)[0].tolist() == [[1]]
