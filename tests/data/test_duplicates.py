"""One thing under several ids."""

from dataclasses import replace

import numpy as np
import pytest

from tastemaker.data.catalog import Catalog
from tastemaker.data.duplicates import normal, ties_of
from tastemaker.data.vocab import Vocab
from tastemaker.errors import DataError
from tastemaker.testing.interactions import dataset_of_pairs

NAN = np.nan
ROWS = [
    ("Rain", "Ann", 200.0),
    ("rain ", "ANN", 201.0),
    ("Rain", "Bob", 200.0),
    ("RAIN!", "Ann", 260.0),
    ("Snow", "Ann", 90.0),
    ("Déjà vu", "Bob", 10.0),
    ("deja  vu", "Bob", 10.0),
    ("", "Ann", 1.0),
    ("", "Ann", 1.0),
    ("Rain", "", 200.0),
    ("Snow", "ann", NAN),
    ("Rain (live)", "Ann", 200.0),
]
ALBUMS = ("A", "A", "A", "B", "S", "", "", "A", "A", "A", "s", "A")  # fmt: skip


def shop():
    titles, makers, length = zip(*ROWS, strict=True)
    ids = Vocab(tuple(f"i{i}" for i in range(len(ROWS))))
    return Catalog(
        ids, titles, categories={"maker": makers, "album": ALBUMS}, numbers={"length": np.array(length, np.float32)}
    )


def test_the_same_name_and_maker_within_the_tolerance_are_one():
    ties = ties_of(shop(), ["maker"], "length", 0.01, ["album"])
    assert ties.one.tolist() == [0, 0, 2, 3, 4, 5, 5, 7, 8, 9, 4, 11]
    assert ties.spare.sum() == 3
    assert ties.n_groups == 3


def test_the_unit_of_the_number_does_not_matter():
    seconds = shop()
    other = replace(seconds, numbers={"length": 1000 * seconds.numbers["length"]})
    one, two = (ties_of(c, ["maker"], "length", 0.01, ["album"]).one.tolist() for c in (seconds, other))
    assert one == two


def test_where_the_number_is_not_known_another_name_has_to_agree():
    assert ties_of(shop(), ["maker"], "length", 0.01).one[10] == 10
    unknown = replace(shop(), numbers={"length": np.full(len(ROWS), NAN, np.float32)})
    assert ties_of(unknown, ["maker"], "length", 0.01, ["album"]).one.tolist() == [0, 0, 2, 3, 4, 5, 6, 7, 8, 9, 4, 11]
    late = replace(shop(), numbers={"length": np.array([NAN, 201, 200, 260, *[NAN] * 8], np.float32)})
    assert ties_of(late, ["maker"], "length", 0.01, ["album"]).one[:4].tolist() == [0, 0, 2, 3]


def test_without_a_number_names_alone_decide():
    assert ties_of(shop(), ["maker"]).one.tolist() == [0, 0, 2, 0, 4, 5, 5, 7, 8, 9, 4, 11]
    assert ties_of(shop()).one.tolist() == [0, 0, 0, 0, 4, 5, 5, 7, 8, 0, 4, 11]


def test_events_go_to_the_one_that_stands_for_all_and_the_others_are_not_shown():
    catalog = shop()
    data, _ = dataset_of_pairs(np.array([0, 0, 1], np.int32), np.array([0, 6, 1], np.int32), 2, len(ROWS))
    ties = ties_of(catalog, ["maker"], "length", 0.01, ["album"])
    assert ties.events(data).events.item.tolist() == [0, 5, 0]
    assert data.events.item.tolist() == [0, 6, 1]
    gone = replace(catalog, available=np.arange(len(ROWS)) != 2)
    assert np.flatnonzero(~ties.catalog(gone).available).tolist() == [1, 2, 6, 10]


def test_a_column_that_is_not_there_is_named():
    with pytest.raises(DataError, match="no 'label' among its categories"):
        ties_of(shop(), ["label"])
    with pytest.raises(DataError, match="no 'year' among its numbers"):
        ties_of(shop(), [], "year")


def test_names_are_compared_without_what_people_write_differently():
    assert normal("  Don't Stop—Me Now! ") == "dontstopmenow"
    assert normal("ÀÉ ß") == normal("ae SS")
    assert normal("東京 2") == "東京2"
    assert normal("カラス") != normal("ガラス")
    assert normal("Ｃａｆｅ́") == "cafe"
    assert normal("कि") != normal("का")
