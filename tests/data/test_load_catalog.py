import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tastemaker.data.columns import CatalogColumns, Extract
from tastemaker.data.load_catalog import load_catalog, refuse_bad_rows
from tastemaker.data.read import read_table
from tastemaker.errors import DataError, RecipeError

COLUMNS = CatalogColumns(
    title="Name", id=("Maker", "Name"), text={"about": "About"}, tags={"notes": "Notes"},
    categories={"maker": "Maker"}, numbers={"price": "Price"}, show={"image": "Picture"},
    missing={"maker": "Unknown"}, optional=("image", "price"),
)  # fmt: skip
HEADER = "Name,Maker,About,Notes,Price,Picture\n"


@pytest.fixture
def read(tmp_path):
    """Load a CSV whose rows are given, by COLUMNS or others."""

    def load(rows, columns=COLUMNS, header=HEADER):
        path = tmp_path / "shop.csv"
        path.write_text(header + rows, "utf-8")
        return load_catalog(read_table(path), columns)

    return load


def refused(read, rows, **more):
    with pytest.raises(DataError) as error:
        read(rows, **more)
    return str(error.value)


def test_a_row_becomes_an_item_as_it_was_written(read):
    found = read('Dune ,Orrin,"Salt, and SAND","Salt, Amber , salt",12.5,http://x/1.jpg\n')
    catalog = found.catalog
    assert (found.loaded, found.merged, found.refused) == (1, 0, ())
    assert catalog.items.ids == ("Orrin / Dune",)
    assert catalog.titles == ("Dune",)
    assert catalog.text == {"about": ("Salt, and SAND",), "image": ("http://x/1.jpg",)}
    assert catalog.tags == {"notes": (("Salt", "Amber"),)}
    assert catalog.categories == {"maker": ("Orrin",)}
    assert catalog.numbers["price"].tolist() == [12.5]


def test_what_is_missing_is_shown_as_the_recipe_says_and_counted(read):
    found = read("Dune,,,,,\nFog,Orrin,x,a,1,\n")
    assert found.catalog.categories["maker"] == ("Unknown", "Orrin")
    assert found.catalog.items.ids == ("Dune", "Orrin / Fog")
    assert found.catalog.text["about"] == ("", "x")
    assert found.catalog.tags["notes"] == ((), ("a",))
    assert np.isnan(found.catalog.numbers["price"][0])
    assert found.gaps == {"about": 1, "image": 2, "notes": 1, "maker": 1, "price": 1}


def test_a_missing_column_is_refused_with_the_nearest_name(read):
    message = refused(read, "Dune,Orrin,x,a\n", header="Name,Maker,About,Notse\n")
    assert "no column 'Notes' (wanted for notes); did you mean 'Notse'?" in message


def test_an_optional_column_may_be_absent(read):
    found = read("Dune,Orrin,x,a\n", header="Name,Maker,About,Notes\n")
    assert found.catalog.text["image"] == ("",)
    assert np.isnan(found.catalog.numbers["price"]).all()


def test_a_recipe_that_speaks_of_no_column_is_refused():
    with pytest.raises(RecipeError, match="speaks of 'notse', which is none of its columns: id, notes, title"):
        CatalogColumns(title="Name", tags={"notes": "Notes"}, optional=("notse",))


def test_rows_of_one_id_become_one_item_gaps_filled_and_tags_united(read):
    found = read('Dune,Orrin,,a,,\nFog,Orrin,x,a,1,\nDune,Orrin,late,"b, A",3,\nDune,Orrin,later,c,4,\n')
    assert (found.loaded, found.merged) == (2, 2)
    assert found.catalog.text["about"][0] == "late"
    assert found.catalog.tags["notes"][0] == ("a", "b", "c")
    assert found.catalog.numbers["price"].tolist() == [3.0, 1.0]


def test_tags_that_look_like_half_a_list_survive_a_merge(read):
    found = read("Dune,Orrin,,[a,,\nDune,Orrin,,b],,\n")
    assert found.catalog.tags["notes"][0] == ("[a", "b]")


def test_two_rows_of_one_id_are_refused_with_both_lines_where_the_recipe_wants_that(read):
    strict = CatalogColumns(title="Name", duplicates="refuse")
    message = refused(read, "Dune,,,,,\nFog,,,,,\nDune,,,,,\n", columns=strict)
    assert "rows 2 and 4 have one id, 'Dune'. Make the ids differ" in message


def test_a_row_that_cannot_be_loaded_is_refused_with_its_line_and_reason(read):
    found = read(",Orrin,x,a,,\nFog,Orrin,x,a,cheap,\nDune,Orrin,x,a,nan,\nMoss,Orrin,x,a,1,\n")
    assert found.loaded == 1
    assert [(bad.line, bad.reason.partition("; ")[0]) for bad in found.refused] == [
        (2, "the title (Name) is empty"),
        (3, "Price: 'cheap' is not a number"),
        (4, "Price: 'nan' is not a finite number"),
    ]
    with pytest.raises(
        DataError, match=r"line 2: the title.*Fix the rows or pass --skip-bad-rows. Nothing was imported"
    ):
        refuse_bad_rows(read_table(pl.DataFrame({"Name": ["x"]})), found.refused)


def test_an_item_without_an_id_is_refused_and_never_merged_with_another(read):
    columns = CatalogColumns(title="Name", id=("Sku",))
    found = read("Dune,\nFog,\nMoss,3\n", columns=columns, header="Name,Sku\n")
    assert found.catalog.items.ids == ("3",)
    assert [bad.reason for bad in found.refused] == ["the id (Sku) is empty"] * 2


def test_a_table_without_a_single_good_row_is_refused(read):
    assert "no row could be loaded; the first problem is line 2: the title (Name) is empty." in refused(
        read, ",a,b,c,,\n"
    )


def test_a_catalog_of_one_item_and_one_without_any_text_are_read(read):
    assert len(read("Dune,Orrin,x,a,1,\n").catalog) == 1
    bare = read("Dune\nFog\n", columns=CatalogColumns(title="Name"), header="Name\n")
    assert bare.catalog.titles == ("Dune", "Fog")
    assert (bare.catalog.text, bare.catalog.tags, bare.gaps) == ({}, {}, {})


cell = st.sampled_from(["", " ", "a", "A", "b", "1", "x1", "nan"])


@given(st.lists(st.tuples(cell, cell, cell), min_size=1, max_size=12))
def test_every_row_is_loaded_merged_or_refused(rows):
    names, makers, prices = zip(*rows, strict=True)
    table = read_table(pl.DataFrame({"Name": names, "Maker": makers, "Price": prices}))
    columns = CatalogColumns(title="Name", id=("Maker", "Name"), numbers={"price": "Price"})
    if not any(name.strip() and price.strip() in ("", "1") for name, _, price in rows):
        with pytest.raises(DataError, match="no row could be loaded"):
            load_catalog(table, columns)
        return
    found = load_catalog(table, columns)
    assert found.loaded + found.merged + len(found.refused) == table.n_found == len(rows)
    assert found.loaded == len(found.catalog)


def test_a_column_is_made_from_another_one_unless_the_table_has_it(read):
    columns = CatalogColumns(
        "Name", numbers={"year": "Year"}, categories={"era": "Era"}, optional=("year", "era"),
        extract={"Year": Extract("Name", r"\((\d{4})\)$"), "Era": Extract("Name", r"\((\d{3})\d\)$", "{}0s")},
    )  # fmt: skip
    made = read("Dune (1984)\nFog\n", columns, "Name\n").catalog
    np.testing.assert_array_equal(made.numbers["year"], np.float32([1984, np.nan]))
    assert made.categories["era"] == ("1980s", "")
    own = read("Dune (1984),1\n", columns, "Name,Year\n").catalog
    assert own.numbers["year"].tolist() == [1.0]
    lost = CatalogColumns("Name", numbers={"year": "Year"}, extract={"Year": Extract("Story", "(x)")})
    assert "no column 'Story' (wanted for extract.Year)" in refused(read, "Dune\n", columns=lost, header="Name\n")


def test_a_number_that_says_that_nobody_knows_it_is_missing(read):
    columns = CatalogColumns("Name", numbers={"key": "Key", "size": "Size"}, missing_numbers={"key": -1})
    found = read("Dune,-1,-1\nFog,0,0\nSea,-1.0,\n", columns, "Name,Key,Size\n")
    np.testing.assert_array_equal(found.catalog.numbers["key"], [np.nan, 0, np.nan])
    np.testing.assert_array_equal(found.catalog.numbers["size"], [-1, 0, np.nan])
    with pytest.raises(RecipeError, match="speaks of 'kee', which is none of its columns"):
        CatalogColumns("Name", numbers={"key": "Key"}, missing_numbers={"kee": -1})


def test_a_tag_that_says_that_there_is_none_is_none(read):
    columns = CatalogColumns("Name", tags={"kinds": "Kinds"}, separator="|", missing_tags=("(None listed)",))
    found = read("Dune,(none listed)\nFog,a|(None listed)\n", columns, "Name,Kinds\n")
    assert found.catalog.tags["kinds"] == ((), ("a",))
    assert found.gaps == {"kinds": 1}
