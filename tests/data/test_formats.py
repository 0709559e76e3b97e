"""Public data sets as they are published: every line is read or refused with its number; wrong files are named."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tastemaker.data.columns import ScaleColumn
from tastemaker.data.events import KINDS
from tastemaker.data.formats import FORMATS, read_published
from tastemaker.errors import DataError

from ..published import GENRES, ITEMS, RATINGS, TEST, TRAIN, write_lightgcn, write_movielens

REAL = Path(__file__).parents[2] / "../shared/data"
EDITIONS = ["latest", "10m", "1m", "100k"]


def pairs(data):
    """(user, item) as ids, in the order of the events."""
    users, items = data.users.ids, data.catalog.items.ids
    return [(users[u], items[i]) for u, i in zip(data.events.user, data.events.item, strict=True)]


def as_ids(lines):
    return [(str(user), str(item)) for user, items in lines.items() for item in items]


def refused(found, file=-1):
    return {bad.line: bad.reason for bad in found.files[file].refused}


def test_plain_pairs_and_the_published_part_to_judge_on(tmp_path):
    found = read_published(str(write_lightgcn(tmp_path / "toy")), "lightgcn")
    assert (pairs(found.events), pairs(found.test)) == (as_ids(TRAIN), as_ids(TEST))
    assert found.events.users.ids == found.test.users.ids == ("0", "1", "3", "4", "7")
    assert found.catalog.items.ids == found.catalog.titles == tuple(map(str, range(10)))
    assert [(f.name, f.what, f.loaded) for f in found.files] == [
        ("toy/train.txt", "like", 20),
        ("toy/test.txt", "like", 9),
    ]
    events = found.events.events
    assert {KINDS[kind] for kind in events.kind} == {"like"}
    assert events.value.tolist() == [1.0] * 20
    assert not events.time.any()
    assert (events.received_at > 1.7e9).all()


def test_numbers_with_gaps_are_ids_and_who_has_nothing_is_still_a_user(tmp_path):
    folder = write_lightgcn(tmp_path, {5: [900], 900: [5, 7], 12: []}, {5: [5], 77: []})
    found = read_published(str(folder), "lightgcn")
    assert found.events.users.ids == ("5", "12", "77", "900")
    assert found.catalog.items.ids == ("5", "7", "900")
    assert pairs(found.events) == [("5", "900"), ("900", "5"), ("900", "7")]


@pytest.mark.parametrize(
    "text",
    [
        "1 2 3\n4 5\n",
        "1 2 3\r\n4 5\r\n",
        "1 2 3\r4 5\r",
        "\ufeff1 2 3\n4 5",
        "\n1\t2  3 \n\n  4 5\n\n",
        "01 002 3\n4 5\n",
    ],
)
def test_line_ends_blanks_and_marks_do_not_matter(tmp_path, text):
    folder = write_lightgcn(tmp_path, test={1: [9]})
    (folder / "train.txt").write_bytes(text.encode())
    assert pairs(read_published(str(folder), "lightgcn").events) == [("1", "2"), ("1", "3"), ("4", "5")]


@given(st.dictionaries(st.integers(0, 10**18 - 1), st.sets(st.integers(0, 10**18 - 1), min_size=1), min_size=1))
def test_whatever_is_written_is_read(tmp_path_factory, lines):
    folder = write_lightgcn(tmp_path_factory.mktemp("any"), {u: sorted(i) for u, i in lines.items()}, {0: [1]})
    found = read_published(str(folder), "lightgcn")
    assert pairs(found.events) == [(str(u), str(i)) for u, items in lines.items() for i in sorted(items)]


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("1 x 3", "'x' is no whole number"),
        ("1 2.5", "'2.5' is no whole number"),
        ("1 -2 3", "'-2' is negative; users and items are numbered from 0"),
        ("-1 2", "'-1' is negative; users and items are numbered from 0"),
        ("1 1234567890123456789", "'1234567890123456789' is too large a number"),
        ("8 4 5 4", "user 8 has item 4 a second time"),
        ("1 3,4", "'3,4' is no whole number"),
        ("1 nan", "'nan' is no whole number"),
    ],
)
def test_a_bad_line_is_named_or_skipped(tmp_path, line, reason):
    folder = write_lightgcn(tmp_path / "toy")
    (folder / "train.txt").write_text(f"0 1 2\n\n{line}\n2 1\n")
    with pytest.raises(DataError, match=r"toy/train.txt, line 3: .* Fix the rows or pass --skip-bad-rows. Nothing was"):
        read_published(str(folder), "lightgcn")
    found = read_published(str(folder), "lightgcn", skip_bad_rows=True)
    assert refused(found, 0) == {3: reason}
    kept = [("8", "4"), ("8", "5")] if line.startswith("8") else []
    assert pairs(found.events) == [("0", "1"), ("0", "2"), *kept, ("2", "1")]
    assert found.files[0].loaded == len(found.events)


def test_the_same_pair_on_two_lines_is_a_repeat_too(tmp_path):
    folder = write_lightgcn(tmp_path)
    (folder / "test.txt").write_text("0 4\n1 9\n0 6 4\n")
    found = read_published(str(folder), "lightgcn", skip_bad_rows=True)
    assert refused(found, 1) == {3: "user 0 has item 4 a second time"}
    assert pairs(found.test) == [("0", "4"), ("1", "9"), ("0", "6")]


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (None, r"toy has no test.txt; did you mean 'tset.txt'\? It holds: train.txt, tset.txt"),
        (b" \n", r"test.txt is empty. Copy or download"),
        (
            b"a b\nc\n",
            r"test.txt: no line can be read; the first, line 1: 'a' is no whole number. A line is: USER ITEM",
        ),
        (b"0\n1\n", r"test.txt has users, but nobody has an item. A line is: USER ITEM"),
        ("0 1".encode("utf-16"), r"test.txt is not plain text \(UTF-16, or an archive\?\). Save it as UTF-8"),
    ],
)
def test_a_file_that_is_none_of_it(tmp_path, content, says):
    folder = write_lightgcn(tmp_path / "toy")
    (folder / "test.txt").unlink()
    if content is None:
        (folder / "tset.txt").touch()
    else:
        (folder / "test.txt").write_bytes(content)
    with pytest.raises(DataError, match=says):
        read_published(str(folder), "lightgcn")


@pytest.mark.parametrize("format", ["lightgcn", "movielens"])
def test_no_folder_or_a_file_in_its_place(tmp_path, format):
    (tmp_path / "file").touch()
    with pytest.raises(DataError, match=r"nowhere does not exist. Check the path"):
        read_published(str(tmp_path / "nowhere"), format)
    with pytest.raises(DataError, match=r"file is a file. Name the folder that it lies in"):
        read_published(str(tmp_path / "file"), format)


@pytest.mark.parametrize("edition", EDITIONS)
def test_every_edition_reads_alike(tmp_path, edition):
    found = read_published(str(write_movielens(tmp_path / "ml", edition)), "movielens")
    catalog = found.catalog
    assert catalog.items.ids == tuple(id_ for id_, *_ in ITEMS)
    assert catalog.titles == tuple(title for _, title, _ in ITEMS)
    assert catalog.tags["genres"] == tuple(tags for *_, tags in ITEMS)
    np.testing.assert_array_equal(catalog.numbers["year"], np.array([1995, 2006, np.nan, 1999], np.float32))
    assert pairs(found.events) == [(str(user), str(item)) for user, item, *_ in RATINGS]
    events = found.events.events
    assert events.value.tolist() == [rating for *_, rating, _ in RATINGS]
    assert events.time.tolist() == [time for *_, time in RATINGS]
    assert {KINDS[kind] for kind in events.kind} == {"rating"}
    worst = 0.5 if edition in ("latest", "10m") else 1.0
    assert found.columns.scales == {"rating": ScaleColumn("rating", worst, 5.0)}
    assert found.events.signed()[0] == 1.0
    assert [(f.what, f.loaded, len(f.refused)) for f in found.files] == [("catalog", 4, 0), ("rating", 6, 0)]
    assert found.files[0].repaired == (edition in ("1m", "100k"))  # one é that is no UTF-8
    assert found.test is None
    assert len(GENRES) == 19


@pytest.mark.parametrize("edition", EDITIONS)
@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("2|1|5.5|9", "rating 5.5 is outside {low}–5"),
        ("2|2|0|9", "rating 0 is outside {low}–5"),
        ("2|2|NaN|9", "rating nan is outside {low}–5"),
        ("2|2||9", "rating '' is no number"),
        ("2|2|good|9", "rating 'good' is no number"),
        ("x|2|3|9", "userId 'x' is no whole number"),
        ("2|2.5|3|9", "movieId '2.5' is no whole number"),
        ("2|2|3|noon", "timestamp 'noon' is no whole number"),
        ("2|2|3|99999999999", "the time 99999999999 is in the future"),
        ("2|3|3|9", "the item 3 is not in {items}"),
        ("-2|2|3|9", "the user -2 is negative"),
        ("1|2|3|9", "user 1 rates item 2 a second time"),
        ("2|2|3", "3 cells where there are 4"),
        ("2|2|3|9|9", "5 cells where there are 4"),
    ],
)
def test_a_rating_that_cannot_be(tmp_path, edition, row, reason):
    folder = write_movielens(tmp_path, edition)
    file = next(folder / name for name in ("ratings.csv", "ratings.dat", "u.data") if (folder / name).exists())
    separator = {"latest": ",", "100k": "\t"}.get(edition, "::")
    with file.open("a") as end:
        end.write("\n" + row.replace("|", separator) + "\n" + separator.join(["2", "30", "4", "99"]))  # no line feed
    line = len(RATINGS) + 2 + (edition == "latest")
    low = "0.5" if edition in ("latest", "10m") else "1"
    items = {"latest": "movies.csv", "100k": "u.item"}.get(edition, "movies.dat")
    found = read_published(str(folder), "movielens", skip_bad_rows=True)
    assert refused(found) == {line: reason.format(low=low, items=items)}
    assert len(found.events) == found.files[1].loaded == len(RATINGS) + 1
    with pytest.raises(DataError, match=rf"{file.name}, line {line}: "):
        read_published(str(folder), "movielens")


def test_windows_line_ends_and_a_mark_do_not_matter(tmp_path):
    folder = write_movielens(tmp_path)
    for name in ("ratings.csv", "movies.csv"):
        text = (folder / name).read_text("utf-8")
        (folder / name).write_bytes(("\ufeff" + text.replace("\n", "\r\n")).encode())
    found = read_published(str(folder), "movielens")
    assert [len(found.events), len(found.catalog)] == [6, 4]
    assert found.catalog.tags["genres"][1] == ("Drama",)


def test_an_item_without_title_is_refused_with_its_line(tmp_path):
    folder = write_movielens(tmp_path, "1m")
    with (folder / "movies.dat").open("a") as end:
        end.write("99::::Drama\n")
    assert refused(read_published(str(folder), "movielens", True), 0) == {5: "the title (title) is empty"}


def test_what_is_no_edition_of_it(tmp_path):
    folder = write_movielens(tmp_path / "ml")
    (folder / "movies.csv").rename(folder / "films.csv")
    with pytest.raises(
        DataError, match=r"ml holds no edition of MovieLens: .*u.item. It holds: films.csv, ratings.csv"
    ):
        read_published(str(folder), "movielens")
    (folder / "movies.csv").write_text("id,name\n1,One\n")
    with pytest.raises(DataError, match=r"movies.csv has no column 'movieId'. It has: id, name"):
        read_published(str(folder), "movielens")
    write_movielens(folder)
    (folder / "ratings.csv").write_text("user,item,rating\n1,1,4\n")
    with pytest.raises(DataError, match=r"ratings.csv begins with 'user,item,rating', not with 'userId,movieId,rating"):
        read_published(str(folder), "movielens")
    (folder / "ratings.csv").write_text("userId,movieId,rating,timestamp\n1\n")
    with pytest.raises(DataError, match=r"ratings.csv has no row of 4 cells"):
        read_published(str(folder), "movielens")


def test_a_table_names_its_columns_in_many_ways(tmp_path):
    (tmp_path / "log.csv").write_text("User ID,item_id,timestamp,Stars,more\n7,b,100,2,x\n7,a,200,8,y\n8,b,300,5,z\n")
    found = read_published(str(tmp_path / "log.csv"))
    assert pairs(found.events) == [("7", "b"), ("7", "a"), ("8", "b")]
    assert found.events.events.time.tolist() == [100, 200, 300]
    np.testing.assert_allclose(found.events.signed(), [-1, 1, 0])
    assert found.note == "stars runs from 2 (worst) to 8 (best), the ends that occur"
    assert len(found.keys) == 3


def test_the_lowest_rank_is_the_best(tmp_path):
    (tmp_path / "log.csv").write_text("user,item,rank\n7,b,1\n7,a,2\n8,b,4\n")
    found = read_published(str(tmp_path / "log.csv"))
    np.testing.assert_allclose(found.events.signed(), [1, 1 / 3, -1], rtol=1e-6)


def test_a_grade_that_never_varies_is_a_like(tmp_path):
    (tmp_path / "log.csv").write_text("user,item,rating\n7,b,1\n7,a,1\n")
    found = read_published(str(tmp_path / "log.csv"))
    assert (found.columns.scales, found.events.signed().tolist()) == ({}, [1.0, 1.0])


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("who,item\n1,2\n", "log.csv has no column 'user'. Call the columns user and item, .* It has: who, item"),
        ("user,thing\n1,2\n", "log.csv has no column 'item'"),
        ("user,item,rating\n1,2,good\n", "log.csv: the column 'rating' holds no number"),
        ("user,item,rating\n1,2,3\n1,3,nan\n1,4,5\n", "log.csv, line 3: 'nan' is not a finite number"),
        ("user,item\n1,2\n1,\n", "log.csv, line 3: the item is empty"),
        ("user,item,time\n1,2,2199-01-01\n", "log.csv, line 2: the time '2199-01-01' is in the future"),
    ],
)
def test_a_table_that_cannot_be_events(tmp_path, text, says):
    (tmp_path / "log.csv").write_text(text)
    with pytest.raises(DataError, match=says):
        read_published(str(tmp_path / "log.csv"))


@pytest.mark.parametrize("format", ["csv", "parquet"])
def test_a_format_counts_more_than_the_name(tmp_path, format):
    import polars

    frame = polars.DataFrame({"user": [1, 1, 2], "item": ["a", "b", "a"]})
    file, other = tmp_path / "log.backup", "parquet" if format == "csv" else "csv"
    (frame.write_csv if format == "csv" else frame.write_parquet)(file)
    assert pairs(read_published(str(file), format).events) == [("1", "a"), ("1", "b"), ("2", "a")]
    with pytest.raises(DataError, match=r"log.backup"):
        read_published(str(file), other)
    with pytest.raises(DataError, match=r"'.backup' is not a kind of table this reads"):
        read_published(str(file))


def test_an_empty_table_and_no_table(tmp_path):
    (tmp_path / "log").touch()
    with pytest.raises(DataError, match=r"log is empty. It needs column names and rows"):
        read_published(str(tmp_path / "log"), "csv")
    with pytest.raises(DataError, match=r"no such file: .*lag; did you mean 'log'"):
        read_published(str(tmp_path / "lag"), "csv")


def test_a_folder_needs_its_format_and_formats_have_names(tmp_path):
    with pytest.raises(DataError, match=r"is a folder. Say what it holds: --format lightgcn or --format movielens"):
        read_published(str(tmp_path))
    with pytest.raises(
        DataError, match=r"'movielense' is no format; did you mean 'movielens'\? There are: csv, lightgcn"
    ):
        read_published(str(tmp_path), "movielense")
    assert list(FORMATS) == sorted(FORMATS)


@pytest.mark.data
@pytest.mark.skipif(not REAL.is_dir(), reason="the data sets are not here; they are not ours to ship")
def test_real_data_sets_are_read_whole():
    gowalla = read_published(str(REAL / "gowalla"), "lightgcn")
    counts = len(gowalla.events.users), len(gowalla.catalog), len(gowalla.events), len(gowalla.test)
    assert counts == (29_858, 40_981, 810_128, 217_242)  # He et al. 2020, table 2: 1,027,370 interactions
    small = read_published(str(REAL / "movielens-small"), "movielens")
    counts = len(small.events.users), len(small.catalog), len(small.events)
    assert counts == (610, 9_742, 100_836)  # the data set's README.txt
    assert (small.events.events.time > 8e8).all()
