"""Items in the database: rows that never change their meaning."""

import numpy as np
import pytest

from tastemaker.errors import QueryError
from tastemaker.store import Change, Store, delist, kept_catalog, put_catalog, put_meta, read_catalog, relist

from .toys import catalog


def test_a_catalog_comes_back_as_it_was(store: Store) -> None:
    given = catalog()
    with store.begin() as conn:
        assert put_catalog(conn, given) == Change(4, 0, 0)
    with store.read() as conn:
        found = read_catalog(conn)
    assert (found.items, found.titles, found.text, found.tags) == (given.items, given.titles, given.text, given.tags)
    assert found.categories == given.categories
    np.testing.assert_array_equal(found.numbers["price"], given.numbers["price"])
    assert found.numbers["price"].dtype == np.float32
    assert found.available.tolist() == [True] * 4


def test_no_catalog_is_an_empty_one(store: Store) -> None:
    with store.read() as conn:
        assert len(read_catalog(conn)) == 0


def test_rows_are_append_only_and_only_what_changed_is_updated(store: Store) -> None:
    with store.begin() as conn:
        put_catalog(conn, catalog("a", "b", "c"))
        assert put_catalog(conn, catalog("a", "b", "c")) == Change(0, 0, 3)
        changed = catalog("new", "c", "a", numbers={"price": np.array([np.nan, 5, 120.1], np.float32)})
        # new: added; c: another price; a: no longer the one with the description
        assert put_catalog(conn, changed) == Change(1, 2, 0)
        found = read_catalog(conn)
    assert found.items.ids == ("a", "b", "c", "new")
    assert found.numbers["price"].tolist()[2] == 5
    assert found.text["description"] == ("", "", "", "Smoke — and Oud")


def test_columns_of_several_files_are_joined(store: Store) -> None:
    with store.begin() as conn:
        put_catalog(conn, catalog("a"))
        put_catalog(conn, catalog("b", text={"story": ("long",)}, tags={"mood": (("calm",),)}, numbers={}))
        found = read_catalog(conn)
    assert found.text == {"description": ("Smoke — and Oud", ""), "story": ("", "long")}
    assert found.tags == {"notes": (("oud", "rose petal"), ()), "mood": ((), ("calm",))}
    assert np.isnan(found.numbers["price"]).tolist() == [False, True]


def test_delisted_items_stay_so_until_somebody_says_otherwise(store: Store) -> None:
    with store.begin() as conn:
        put_catalog(conn, catalog())
        assert delist(conn, ["rose", "plain"]) == 2
        assert delist(conn, ["rose"]) == 0
        assert put_catalog(conn, catalog()) == Change(0, 0, 4)
        assert read_catalog(conn).available.tolist() == [True, False, True, False]
        assert relist(conn, ["rose", "oud"]) == 1
        assert read_catalog(conn).available.tolist() == [True, True, True, False]


def test_missing_items_are_delisted_only_when_asked(store: Store) -> None:
    with store.begin() as conn:
        put_catalog(conn, catalog("a", "b", "c"))
        assert put_catalog(conn, catalog("a")) == Change(0, 0, 1)
        assert read_catalog(conn).available.tolist() == [True, True, True]
        assert put_catalog(conn, catalog("a"), delist_missing=True) == Change(0, 2, 1)
        assert read_catalog(conn).available.tolist() == [True, False, False]
        assert put_catalog(conn, catalog("a", "b"), delist_missing=True) == Change(0, 1, 1)
        assert read_catalog(conn).available.tolist() == [True, True, False]


def test_a_catalog_may_delist(store: Store) -> None:
    with store.begin() as conn:
        put_catalog(conn, catalog("a", "b"))
        gone = catalog("a", "b", available=np.array([True, False]))
        assert put_catalog(conn, gone) == Change(0, 1, 1)
        assert read_catalog(conn).available.tolist() == [True, False]


def test_an_unknown_item_is_named(store: Store) -> None:
    with store.begin() as conn:
        put_catalog(conn, catalog())
    with pytest.raises(QueryError, match=r"'rosy'; did you mean 'rose'\?"), store.begin() as conn:
        delist(conn, ["oud", "rosy"])
    with store.read() as conn:
        assert read_catalog(conn).available.all()


def test_more_items_than_a_statement_holds(sqlite: Store) -> None:
    many = catalog(*(f"item {i}" for i in range(12_345)))
    with sqlite.begin() as conn:
        assert put_catalog(conn, many).added == 12_345
        assert put_catalog(conn, many).unchanged == 12_345
        assert read_catalog(conn).items.ids == many.items.ids


def test_a_kept_catalog_is_read_once_a_change(store: Store) -> None:
    with store.begin() as conn:
        put_catalog(conn, catalog("a", "b"))
        assert kept_catalog(conn) is not kept_catalog(conn)  # nobody marked it
        put_meta(conn, catalog="first mark of this test")
    with store.read() as conn:
        first = kept_catalog(conn)
        assert kept_catalog(conn) is first
    with store.begin() as conn:
        put_catalog(conn, catalog("a", "b", "c"))
        put_meta(conn, catalog="second mark of this test")
    with store.read() as conn:
        assert kept_catalog(conn).items.ids == ("a", "b", "c")
