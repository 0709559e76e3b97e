from dataclasses import replace

import numpy as np

from tastemaker.data.arrays import csr
from tastemaker.data.query import Batch, Query


def cells(*triples, shape=(2, 6)):
    rows, columns, values = zip(*triples, strict=True)
    return csr(np.array(rows), np.array(columns), np.float32(values), shape)


def test_a_query_may_say_nothing():
    assert Query().likes == ()
    assert Query().candidates is None
    assert Query().n == 10


def test_evidence_is_likes_and_ratings_and_a_rating_wins(asked):
    dense = [{} for _ in range(len(asked))]
    for matrix in (asked.positives, asked.ratings):  # later ones overwrite
        for q in range(len(asked)):
            dense[q] |= dict(zip(matrix[[q]].indices.tolist(), matrix[[q]].data.tolist(), strict=True))
    evidence = asked.evidence()
    assert evidence.dtype == np.float32
    assert evidence.has_sorted_indices
    for q, expected in enumerate(dense):
        found = evidence[[q]]
        assert dict(zip(found.indices.tolist(), found.data.tolist(), strict=True)) == expected


def test_a_neutral_rating_is_evidence_also_of_a_liked_item():
    positives, ratings = cells((0, 1, 1), (0, 2, 1), (1, 5, 1)), cells((0, 2, 0), (1, 0, 0), (1, 3, -0.5))
    batch = Batch(positives, ratings, np.int32([-1, -1]), np.zeros((2, 0), np.float32))
    evidence = batch.evidence()
    assert evidence.indices.tolist() == [1, 2, 0, 3, 5]
    assert evidence.data.tolist() == [1.0, 0.0, 0.0, -0.5, 1.0]
    assert np.diff(evidence.indptr).tolist() == [2, 3]


def test_an_unknown_clock_is_0(asked):
    assert asked.now.tolist() == [0] * 6
    assert replace(asked, now=np.arange(6)).now.tolist() == [0, 1, 2, 3, 4, 5]


def test_taking_queries_keeps_their_parts_together(asked):
    told = replace(asked, context={"mood:joy": np.arange(6, dtype=np.float32)}, now=np.arange(6))
    for picked in (told.take(slice(3, 5)), told.take(np.array([3, 4]))):
        assert len(picked) == 2
        assert picked.user.tolist() == told.user[3:5].tolist()
        assert picked.now.tolist() == [3, 4]
        np.testing.assert_array_equal(picked.context["mood:joy"], told.context["mood:joy"][3:5])
        np.testing.assert_array_equal(picked.profile, told.profile[3:5])
        np.testing.assert_array_equal(picked.evidence().toarray(), told.evidence().toarray()[3:5])
    assert 8 in told.take(slice(4, 5)).ratings.indices  # the neutral one is not lost
