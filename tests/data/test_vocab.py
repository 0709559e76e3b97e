import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tastemaker.data.vocab import Vocab
from tastemaker.errors import DataError

ids = st.lists(st.text(max_size=4), unique=True, max_size=8).map(tuple)


@given(ids, st.lists(st.text(max_size=4), max_size=8))
def test_rows_are_places_and_strangers_minus_1(known, asked):
    rows = Vocab(known).rows(asked)
    assert rows.dtype == np.int32
    assert rows.tolist() == [known.index(id_) if id_ in known else -1 for id_ in asked]


@given(ids, ids)
def test_digests_are_equal_exactly_when_ids_and_order_are(a, b):
    assert (Vocab(a).digest == Vocab(b).digest) == (a == b)


@pytest.mark.parametrize(
    ("a", "b"), [(("a\0b",), ("a", "b")), ((), ("",)), (("1:a",), ("a",)), (("ab", "c"), ("a", "bc"))]
)
def test_ids_cannot_be_written_so_that_digests_meet(a, b):
    assert Vocab(a).digest != Vocab(b).digest


def test_the_digest_is_the_same_tomorrow():
    """Kept in artifacts, so it may not depend on Python's hash seed: sha256 of "1:a2:bc", by coreutils' sha256sum."""
    assert Vocab(("a", "bc")).digest == "5310a58788781ab25d5ad7c3f85035824b4eb7bdfa394e0ac2186271472b5492"


def test_an_id_that_appears_twice_is_refused_by_name():
    with pytest.raises(DataError, match="'b' appears twice; merge or rename"):
        Vocab(("a", "b", "c", "b"))


def test_length_membership_and_cut():
    vocab = Vocab(("x", "y", "z"))
    assert len(vocab) == 3
    assert "y" in vocab
    assert "w" not in vocab
    assert vocab.where([True, False, True]).ids == ("x", "z")
    with pytest.raises(ValueError, match="zip"):
        vocab.where([True])
