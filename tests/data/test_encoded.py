"""Histories that are encoded once say what plain dictionaries say."""

import numpy as np

from tastemaker.data.arrays import csr
from tastemaker.data.encoded import marks_of, ratings_of, remembered
from tastemaker.data.query import Query
from tastemaker.data.vocab import Vocab

ITEMS = Vocab(("a", "b", "c", "d", "e"))
RATINGS = {"d": 0.5, "zz": 1.0, "a": -1.0, "c": 0.0}  # one that nobody knows, and not in the items' order
WHEN = {"a": 7, "d": 3}


def test_a_remembered_history_is_encoded_as_a_plain_one() -> None:
    plain = Query(ratings=RATINGS, when=WHEN)
    kept = Query(ratings=remembered(RATINGS, WHEN, ITEMS), when=WHEN)
    for queries in ([kept], [plain, kept, Query(), kept]):
        ratings, when = ratings_of(queries, ITEMS)
        expected, times = ratings_of([Query(ratings=dict(q.ratings), when=dict(q.when)) for q in queries], ITEMS)
        assert when is not None
        assert times is not None
        for mine, theirs in ((ratings, expected), (when, times)):
            assert mine.has_sorted_indices
            assert mine.shape == (len(queries), 5)
            for name in ("data", "indices", "indptr"):
                np.testing.assert_array_equal(getattr(mine, name), getattr(theirs, name))


def test_cells_are_those_of_a_matrix_that_scipy_made() -> None:
    ratings, when = ratings_of([Query(), Query(ratings=RATINGS, when=WHEN)], ITEMS)
    expected = csr(np.array([1, 1, 1]), np.array([3, 0, 2]), np.array([0.5, -1.0, 0.0], np.float32), (2, 5))
    np.testing.assert_array_equal(ratings.toarray(), expected.toarray())
    assert ratings.nnz == 3  # a neutral rating is one
    assert when is not None
    assert when.data.tolist() == [7, 0, 3]
    np.testing.assert_array_equal((ratings + expected).toarray(), 2 * expected.toarray())
    assert marks_of([("c", "c", "zz"), ()], ITEMS).toarray().tolist() == [[0, 0, 1, 0, 0], [0] * 5]


def test_a_row_is_not_used_for_other_items_or_other_times() -> None:
    kept = remembered(RATINGS, WHEN, ITEMS)
    others = Vocab(("d", "a"))
    ratings, _ = ratings_of([Query(ratings=kept, when=WHEN)], others)
    assert ratings.toarray().tolist() == [[0.5, -1.0]]
    later = ratings_of([Query(ratings=kept, when={"d": 9})], ITEMS)[1]
    assert later is not None
    assert later.data.tolist() == [0, 0, 9]
