import numpy as np
import pytest

from tastemaker.data.catalog import Catalog
from tastemaker.data.columns import CatalogColumns, TagColumns
from tastemaker.data.load_tags import carried, load_tags
from tastemaker.data.read import read_table
from tastemaker.data.vocab import Vocab
from tastemaker.errors import DataError

COLUMNS = CatalogColumns(
    "Name", tags={"kinds": "Kinds", "said": "Said"}, numbers={"heard": "Heard"}, missing_tags=("n/a",),
    tagged=TagColumns("what", "word", "said", "who", "heard"),
)  # fmt: skip
ROWS = """\
who,what,word
ann,p1,Slow
ann,p1,sad
bob,p1,slow
bob,Fog,n/a
cid,Fog, Loud  noise
cid,p9,loud
cid,,loud
"""


@pytest.fixture
def shop():
    return Catalog(
        Vocab(("p1", "p2", "p3")), ("Rain", "Fog", "Dew"),
        tags={"kinds": (("wet",), (), ()), "said": ((), (), ("mine",))},
    )  # fmt: skip


@pytest.fixture
def read(tmp_path, shop):
    def load(rows=ROWS, columns=COLUMNS, catalog=shop):
        path = tmp_path / "tags.csv"
        path.write_text(rows, "utf-8")
        return load_tags(read_table(path), columns, catalog)

    return load


def test_tags_come_most_frequent_first_as_most_people_write_them(read):
    found = read()
    assert found.catalog.tags["said"] == (("Slow", "sad"), ("Loud noise",), ("mine",))
    assert found.catalog.tags["kinds"] == (("wet",), (), ())
    assert (found.loaded, found.tagged) == (4, 2)


def test_every_row_is_counted_or_refused_with_its_line(read):
    refused = read().refused
    assert [bad.line for bad in refused] == [5, 7, 8]
    assert [bad.reason.partition(";")[0] for bad in refused] == [
        "the tag is empty", "No item is called 'p9'", "the item is empty",
    ]  # fmt: skip


def test_people_are_counted_and_rows_where_nobody_is_named(read):
    np.testing.assert_array_equal(read().catalog.numbers["heard"], [2, 1, 0])
    nameless = TagColumns("what", "word", "said", count="heard")
    again = read(columns=CatalogColumns("Name", tags=COLUMNS.tags, numbers=COLUMNS.numbers, tagged=nameless))
    np.testing.assert_array_equal(again.catalog.numbers["heard"], [3, 2, 0])


def test_rare_tags_and_those_beyond_the_most_are_left_out(read):
    rows = "what,word\np1,a\np1,b\np1,b\np1,c\np2,a\np2,c\n"

    def kept(**limits):
        columns = CatalogColumns("Name", tags=COLUMNS.tags, tagged=TagColumns("what", "word", "said", **limits))
        return read(rows, columns).catalog.tags["said"][:2]

    assert kept() == (("b", "a", "c"), ("a", "c"))
    assert kept(least=2) == (("a", "c"), ("a", "c"))
    assert kept(most=1) == (("b",), ("a",))


def test_a_recipe_that_does_not_say_where_tags_go_says_how(read):
    with pytest.raises(DataError, match=r"Under \[catalog.tagged\] in recipe.toml"):
        read(columns=CatalogColumns("Name"))


def test_a_table_without_the_column_is_refused_by_its_name(read):
    with pytest.raises(DataError, match="has no column 'word'"):
        read("who,what\nann,p1\n")


def test_a_catalog_that_says_nothing_of_tags_keeps_those_that_are_known(read, shop):
    known = read().catalog
    silent = Catalog(
        Vocab(("p2", "p4", "p1")), ("Fog", "Ice", "Rain"), tags={"kinds": ((),) * 3, "said": ((), (), ("own",))},
        numbers={"heard": np.array([np.nan, np.nan, 7], np.float32)},
    )  # fmt: skip
    found = carried(silent, known, COLUMNS.tagged)
    assert found.tags["said"] == (("Loud noise",), (), ("own",))
    np.testing.assert_array_equal(found.numbers["heard"], [1, np.nan, 7])
    assert carried(silent, known, TagColumns()) is silent
