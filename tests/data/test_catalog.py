import numpy as np
import pytest

from tastemaker.data.catalog import Catalog
from tastemaker.data.vocab import Vocab
from tastemaker.errors import DataError, QueryError


@pytest.fixture
def shop():
    return Catalog(
        items=Vocab(("p1", "p2", "p3", "p4")),
        titles=("Rain", "Smoke", "rain ", "Rose Garden"),
        text={"story": ("wet", "", "also wet", "red")},
        tags={"notes": (("water", "salt"), ("oud",), (), ("rose",))},
        categories={"brand": ("A", "B", "A", "Unknown")},
        numbers={"price": np.float32([10, np.nan, 30, 40])},
    )


def test_everything_is_available_unless_said(shop):
    assert len(shop) == 4
    np.testing.assert_array_equal(shop.available, np.ones(4, bool))
    assert len(Catalog(Vocab(()), ())) == 0


def test_a_cut_keeps_columns_together(shop):
    cut = shop.where(np.array([False, True, False, True]))
    assert cut.items.ids == ("p2", "p4")
    assert cut.titles == ("Smoke", "Rose Garden")
    assert cut.text["story"] == ("", "red")
    assert cut.tags["notes"] == (("oud",), ("rose",))
    assert cut.categories["brand"] == ("B", "Unknown")
    np.testing.assert_array_equal(cut.numbers["price"], np.float32([np.nan, 40]))
    assert len(cut.available) == 2


def test_a_cut_to_nothing_is_an_empty_catalog(shop):
    assert len(shop.where(np.zeros(4, bool))) == 0


@pytest.mark.parametrize(
    "column", [{"titles": ("Rain",)}, {"text": {"story": ("wet",)}}, {"available": np.ones(3, bool)}]
)
def test_a_column_of_another_length_is_refused_by_name(column):
    name = "story" if "text" in column else next(iter(column))
    with pytest.raises(DataError, match=f"{name!r} has . entries for 4 items"):
        Catalog(**{"items": Vocab(("a", "b", "c", "d")), "titles": tuple("abcd")} | column)


def test_items_are_found_by_id_and_by_title_whatever_the_case(shop):
    assert shop.find("p3") == 2
    assert shop.find("rose garden ") == 3
    assert shop.find("SMOKE") == 1


def test_a_title_that_several_have_asks_for_an_id(shop):
    with pytest.raises(
        QueryError, match=r"2 items are called 'Rain'\. Give the id of one: 'p1' \(A, water, salt\); 'p3' \(A\)"
    ):
        shop.find("Rain")


def test_an_unknown_name_suggests_the_nearest(shop):
    with pytest.raises(QueryError, match="No item is called 'Rose Gardn'; did you mean 'Rose Garden'"):
        shop.find("Rose Gardn")
    with pytest.raises(QueryError, match=r"No item is called 'xyzzy'\.$"):
        shop.find("xyzzy")


def test_a_title_is_found_whatever_the_order_of_its_words(shop):
    named = Catalog(Vocab(("1", "2", "3")), ("Hobbit, The (1977)", "The Fog", "Fog, The"))
    assert named.find("the hobbit (1977)") == 0
    assert named.find("the fog") == 1  # written so
    with pytest.raises(QueryError, match="2 items are called 'fog the'"):
        named.find("fog the")
    with pytest.raises(QueryError, match=r"No item is called 'the hobbit'; did you mean 'Hobbit, The \(1977\)'\?"):
        named.find("the hobbit")
