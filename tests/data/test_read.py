import csv
import gzip
import hashlib
import io
import json
import re
import subprocess
import sys
from datetime import UTC, date, datetime
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tastemaker.data.read import BadRow, pick_column, read_table
from tastemaker.data.table import as_text
from tastemaker.errors import DataError

REAL = Path(__file__).parents[2] / "../shared/data"


@pytest.fixture
def file(tmp_path):
    """Write a file and give its path."""

    def write(name, content):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write


def refused(path, **options):
    with pytest.raises(DataError) as error:
        read_table(path, **options)
    return str(error.value)


# ---- what is read


def test_a_csv_is_read_cell_for_cell(file):
    path = file("a.csv", 'Name,Notes\nRose,"a, b"\nOud,\n')
    table = read_table(path)
    assert table.columns == {"Name": ["Rose", "Oud"], "Notes": ["a, b", ""]}
    assert (table.source, table.lines, table.refused, table.n_rows) == ("a.csv", [2, 3], (), 2)
    assert (table.encoding, table.repaired, table.lost) == ("UTF-8", 0, 0)
    assert table.digest == hashlib.sha256(path.read_bytes()).hexdigest()


cells = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))


@given(st.integers(1, 4).flatmap(lambda n: st.lists(st.lists(cells, min_size=n, max_size=n), min_size=1)))
def test_any_table_written_as_csv_comes_back(tmp_path_factory, rows):
    names = [f"c{i}" for i in range(len(rows[0]))]
    out = io.StringIO(newline="")
    csv.writer(out, quoting=csv.QUOTE_ALL).writerows([names, *rows])
    path = tmp_path_factory.getbasetemp() / "any.csv"
    path.write_bytes(out.getvalue().encode())
    table = read_table(path)
    assert [list(row) for row in zip(*table.columns.values(), strict=True)] == rows
    starts = [2 + sum(cell.count("\n") for row in rows[:i] for cell in row) + i for i in range(len(rows))]
    assert table.lines == starts


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"], exclude_characters='\0\t\n\r"')), min_size=1))
def test_any_text_written_between_tabs_comes_back(tmp_path_factory, texts):
    path = tmp_path_factory.getbasetemp() / "any.tsv"
    path.write_bytes(("text\tlabel\n" + "".join(f"{text}\tx\n" for text in texts)).encode())
    assert read_table(path).columns["text"] == texts


@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
def test_line_ends_of_every_system(file, ending):
    table = read_table(file("a.csv", ending.join(["a,b", "1,2", "", '"x, y",4'])))
    assert table.columns == {"a": ["1", "x, y"], "b": ["2", "4"]}
    assert table.lines == [2, 4]


def test_rows_know_where_they_start_after_quoted_line_breaks(file):
    table = read_table(file("a.csv", 'a,b\n"one\ntwo\r\nthree",1\n\nx,2\n"p\rq",3\n'))
    assert table.lines == [2, 6, 7]
    assert table.place(1) == "a.csv, line 6"
    assert table.columns["a"] == ["one\ntwo\r\nthree", "x", "p\rq"]


@pytest.mark.parametrize(("name", "delimiter"), [("a.csv", ";"), ("a.csv", "\t"), ("a.txt", "|"), ("a.csv", ",")])
def test_the_delimiter_is_found_in_the_header(file, name, delimiter):
    text = f'"a,;|"{delimiter}b{delimiter}c\n1,5{delimiter}2{delimiter}3\n' if delimiter != "," else "a,b,c\n1,2,3\n"
    assert read_table(file(name, text)).n_rows == 1
    assert len(read_table(file(name, text)).columns) == 3


def test_quotes_between_tabs_are_literal_unless_all_are_well_formed(file):
    literal = read_table(file("a.tsv", 'text\tlabel\n"Oh" he said\t1\n"never closed\t2\nplain "x"\t3\n'))
    assert literal.columns["text"] == ['"Oh" he said', '"never closed', 'plain "x"']
    quoted = read_table(file("b.tsv", 'text\tlabel\n"tab\there\nand ""this"""\t1\n'))
    assert quoted.columns["text"] == ['tab\there\nand "this"']
    uneven = read_table(file("c.tsv", 'text\tlabel\n"tab\there"\t1\nshort\n'))
    assert uneven.columns["text"] == ["tab\there"]
    assert uneven.refused == (BadRow(3, "1 field where the header has 2"),)


def test_words_that_look_like_missing_are_words(file):
    assert read_table(file("a.csv", "text\nNone\nnan\nnull\n")).columns["text"] == ["None", "nan", "null"]


def test_a_column_without_a_name_is_called_by_its_position(file):
    assert read_table(file("a.csv", ", b \n0,x\n")).names == ("column 1", "b")


@pytest.mark.parametrize("codec", ["utf-8-sig", "utf-16", "utf-8"])
def test_encodings_with_a_mark(file, codec):
    assert read_table(file("a.csv", "n\nRosé\n".encode(codec))).columns == {"n": ["Rosé"]}


def test_the_fall_back_is_stated_and_counted(file):
    table = read_table(file("a.csv", b"n\nRos\xe9 \x96 oud\n"))
    assert table.columns == {"n": ["Rosé – oud"]}
    assert (table.encoding, table.repaired) == ("UTF-8 with cp1252 fall-back", 2)
    assert read_table(file("b.csv", "n\nРоза\n".encode("cp1251")), encoding="cp1251").columns == {"n": ["Роза"]}


def test_json_lines(file):
    text = '{"id": 1, "p": 2.50, "ok": true, "tags": ["a", "b", null]}\n\n{"id": "x", "p": null, "d": {"k": "é"}}\n'
    table = read_table(file("a.jsonl", text))
    assert table.columns == {
        "id": ["1", "x"],
        "p": ["2.5", None],
        "ok": ["true", None],
        "tags": ["a, b", None],
        "d": [None, '{"k": "é"}'],
    }
    assert table.lines == [1, 3]
    assert read_table(file("a.ndjson", text)).columns == read_table(file("a.json", text)).columns == table.columns


def test_a_json_array_knows_its_lines(file):
    table = read_table(file("a.json", '[\n  {"a": 1},\n  7,\n  {"a":\n 2}, {"a": 3}\n]\n'))
    assert (table.columns, table.lines) == ({"a": ["1", "2", "3"]}, [2, 4, 5])
    assert table.refused == (BadRow(3, "not an object but a number"),)


def test_json_that_cannot_be_a_row_is_refused_with_its_line(file):
    bad = ['{"a": 1}', "{oops}", "[1]", '"s"', "null", "true", '{"a": "\\u0000"}', '{"a": "\\ud800"}', "[" * 100_000]
    table = read_table(file("a.jsonl", "\n".join(bad)))
    assert (table.n_rows, table.n_found) == (1, 9)
    assert [row.line for row in table.refused] == list(range(2, 10))
    reasons = [row.reason for row in table.refused]
    assert reasons[0].startswith("not JSON: Expecting property name")
    assert reasons[1:5] == [f"not an object but {kind}" for kind in ("an array", "a string", "null", "true or false")]
    assert reasons[5:] == ["a NUL character", "half a character (an unpaired surrogate)", "JSON nested too deeply"]


def test_parquet_and_frames(file, tmp_path):
    frame = pl.DataFrame(
        {
            "id": [1, None],
            "x": [0.5, float("nan")],
            "on": [True, False],
            "tags": [["a", "b"], []],
            "day": [date(2024, 5, 31), None],
        }
    )
    frame.write_parquet(tmp_path / "a.parquet")
    table = read_table(tmp_path / "a.parquet")
    assert table.columns == {
        "id": ["1", None],
        "x": ["0.5", None],
        "on": ["true", "false"],
        "tags": ["a, b", ""],
        "day": ["2024-05-31", None],
    }
    assert (table.lines, table.place(0)) == ([1, 2], "a.parquet, row 1")
    direct = read_table(frame)
    assert (direct.columns, direct.digest, direct.source) == (table.columns, table.digest, "data frame")
    packed = file("b.parquet.gz", gzip.compress((tmp_path / "a.parquet").read_bytes()))
    assert read_table(packed).columns == table.columns


class NAType:
    pass


class PandasLike:
    """Answers as a pandas frame does: `to_dict('list')` only, and gaps of three kinds."""

    columns = ("id", "x")

    def to_dict(self, orient):
        assert orient == "list"
        return {"id": [1, 2, 3], "x": ["a", NAType(), float("nan")]}


def test_a_pandas_frame_has_gaps_where_pandas_has():
    assert read_table(PandasLike()).columns == {"id": ["1", "2", "3"], "x": ["a", None, None]}


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, None),
        (5, "5"),
        (5.0, "5.0"),
        (0.1, "0.1"),
        (True, "true"),
        (("a", 1), "a, 1"),
        (b"caf\xe9", "café"),
        (datetime(2024, 5, 31, 1, 2, tzinfo=UTC), "2024-05-31T01:02:00+00:00"),
        (pl.Series([1.5])[0], "1.5"),
        (pl.Series([1.5, 2.0]).to_numpy(), "1.5, 2.0"),
        (pl.Series([7]).to_numpy()[0], "7"),
    ],
)
def test_values_as_text(value, text):
    assert as_text(value) == text


@pytest.mark.parametrize(
    ("name", "text"), [("a.csv", "a\tb\n1\t2\n"), ("a.tsv", "a\tb\n1\t2\n"), ("a.jsonl", '{"a": 1, "b": 2}\n')]
)
def test_gzip_changes_nothing_not_even_the_digest(file, name, text):
    plain, packed = read_table(file(name, text)), read_table(file(f"{name}.gz", gzip.compress(text.encode())))
    assert (packed.columns, packed.digest) == (plain.columns, plain.digest)
    assert packed.source == f"{name}.gz"


# ---- what is refused


def test_rows_of_a_wrong_width_are_refused_with_their_line(file):
    table = read_table(file("a.csv", 'a,b\n1,2\n"x\ny",2,3\n4\n5,6\n'))
    assert table.columns == {"a": ["1", "5"], "b": ["2", "6"]}
    assert table.lines == [2, 6]
    assert table.refused == (
        BadRow(3, "3 fields where the header has 2"),
        BadRow(5, "1 field where the header has 2"),
    )
    assert table.n_found == 4


def test_a_carriage_return_outside_quotes_costs_its_row_only(file):
    table = read_table(file("a.csv", "a,b\n1,2\nx\ry,2\n3,4\n"))
    assert (table.lines, table.refused) == ([2, 4], (BadRow(3, "a carriage return outside quotes"),))


def test_a_file_without_a_readable_row_says_why(file):
    assert refused(file("a.csv", "a,b\n1\n2\n")) == (
        "a.csv: none of its 2 rows can be read; the first, line 2: 1 field where the header has 2. "
        "Is the file what its name says?"
    )
    assert "the first, line 1: not an object but an array" in refused(file("a.jsonl", "[1]\n[2]\n"))


def test_no_such_file_suggests_its_neighbor(file, tmp_path):
    file("perfume.csv", "a\n1\n")
    assert refused(tmp_path / "prefume.csv") == f"no such file: {tmp_path}/prefume.csv; did you mean 'perfume.csv'?"
    assert refused(tmp_path / "zzzz.tsv") == f"no such file: {tmp_path}/zzzz.tsv. Check the path."
    assert refused(tmp_path / "no/a.csv").endswith(f"(nor is there a folder {tmp_path}/no). Check the path.")


def test_a_folder_is_not_a_file(file, tmp_path):
    path = file("b.csv", "a\n1\n")
    assert refused(tmp_path) == f"{tmp_path} is a folder; name a file in it, such as {path}."


@pytest.mark.parametrize(("name", "content"), [("a.csv", ""), ("a.csv", " \n\n"), ("a.jsonl", "\n"), ("a.csv.gz", "")])
def test_an_empty_file(file, name, content):
    assert refused(file(name, content)).startswith(f"{name} is empty. It needs ")


def test_only_a_mark_is_empty_too(file):
    assert "a.csv is empty" in refused(file("a.csv", b"\xef\xbb\xbf"))
    assert "a.jsonl is empty" in refused(file("a.jsonl", b"\xef\xbb\xbf"))


def test_a_header_and_no_rows(file):
    assert refused(file("a.csv", "Name,Brand\n")).startswith("a.csv has columns (Name, Brand) but no rows.")


def test_an_empty_frame():
    assert refused(pl.DataFrame({"a": []})).startswith("data frame has columns (a) but no rows.")


def test_duplicate_column_names(file):
    expected = "a.csv has more than one column named 'Name'. Rename all but one."
    assert refused(file("a.csv", "Name,Brand, Name\n1,2,3\n")) == expected


def test_an_unknown_kind_of_file(file):
    message = refused(file("a.xlsx", "x"))
    assert message.startswith("a.xlsx: '.xlsx' is not a kind of table this reads (.csv, .txt")
    assert message.endswith("Save it as CSV.")


def test_broken_gzip(file):
    packed = gzip.compress(b"a,b\n1,2\n" * 100)
    assert "the gzip data is broken" in refused(file("a.csv.gz", packed[:-12]))
    assert "the gzip data is broken" in refused(file("b.csv.gz", packed[:12] + b"\xff\xff" + packed[14:]))
    assert "c.csv.gz is not gzip, although" in refused(file("c.csv.gz", "a,b\n1,2\n"))


@pytest.mark.parametrize("keep", [0.5, 0.9])
def test_truncated_parquet(file, keep):
    buffer = io.BytesIO()
    pl.DataFrame({"a": list(range(1000))}).write_parquet(buffer)
    whole = buffer.getvalue()
    assert "is cut short or is not Parquet" in refused(file("a.parquet", whole[: int(len(whole) * keep)]))
    assert "is cut short or is not Parquet" in refused(file("b.parquet", b"PAR1 not really PAR1"))


@pytest.mark.parametrize(
    ("text", "line"),
    [('[{"a": 1}, {"a":', 1), ('[{"a": 1}\n {"a": 2}]', 2), ("[", 1), ('[\n{"a": 1},\n', 3), ('[{"a": 1}]\n[]', 1)],
)
def test_a_broken_json_array(file, text, line):
    assert re.match(rf"a.json, line {line}, column \d+: the JSON array breaks off", refused(file("a.json", text)))


def test_a_cell_beyond_the_limit_names_the_likely_reason(file):
    message = refused(file("a.csv", 'a,b\n1,2\n"open,2\n' + "3,4\n" * 50_000))
    assert message.startswith("a.csv, line 3: a cell is longer than 131,072 characters, most likely because a quote")


def test_nul_bytes(file):
    assert "a.csv, line 2: a NUL byte" in refused(file("a.csv", b"a,b\n1,\0\n"))
    assert "UTF-16 without its mark" in refused(file("b.csv", "a,b\n1,2\n".encode("utf-16-le")))


@pytest.mark.parametrize("rest", ["", "3,4\n", "3,4", "3,x\n\n\n"])
def test_a_quote_that_never_closes_names_its_line(file, rest):
    message = refused(file("a.csv", f'a,b\n1,"fine"\n2,"not closed\n{rest}'))
    assert message.startswith("a.csv, line 3: a quote opens on this row and is never closed, so it swallows the rest")
    assert "line 3: a quote opens" in refused(file("b.csv", f'a,b\n1,"fine"\n2,"{rest}'))


@pytest.mark.parametrize(("rest", "end"), [('4,"fine"\n', 5), ('4,x\n5,"two\nlines, ""so"""\n', 6)])
def test_rows_that_an_open_quote_ran_together_are_refused_with_their_lines(file, rest, end):
    table = read_table(file("a.csv", f'a,b\n1,"fine"\n2,"not closed\n3,4\n{rest}6,plain\n'))
    assert (table.columns["a"][0], table.columns["a"][-1]) == ("1", "6")
    assert table.refused[0] == BadRow(3, f"its quotes do not add up (lines 3 to {end})")


def test_sloppy_quotes_that_close_are_read(file):
    assert read_table(file("a.csv", 'a,b\n5" nail,1\n"so" he said,2\n')).columns["a"] == ['5" nail', "so he said"]


def test_a_query_needs_a_database(file):
    assert "is a file, and a query needs a database" in refused(file("a.csv", "a\n1\n"), query="x")


def test_a_folder_that_may_not_be_read(file, monkeypatch):
    def denied(self):
        raise PermissionError(13, "Permission denied")

    path = file("a.csv", "a\n1\n")
    monkeypatch.setattr(Path, "read_bytes", denied)
    assert refused(path) == f"{path} cannot be read: Permission denied."


# ---- columns by name


@pytest.fixture
def table(file):
    return read_table(file("perfume.csv", "Name,Brand,Image URL,a b,A_B\nRose,X,u,1,2\n"))


@pytest.mark.parametrize("name", ["Image URL", "image_url", "IMAGEURL", "image-url"])
def test_a_column_is_found_by_a_loose_name(table, name):
    assert pick_column(table, name, "the picture") == ["u"]


def test_a_missing_column_suggests_the_nearest(table):
    with pytest.raises(DataError) as error:
        pick_column(table, "Nmae", "the title")
    assert str(error.value) == (
        "perfume.csv has no column 'Nmae' (wanted for the title); did you mean 'Name'? "
        "It has: Name, Brand, Image URL, a b, A_B"
    )
    with pytest.raises(DataError, match=r"has no column 'zzz' \(wanted for x\)\. It has: Name"):
        pick_column(table, "zzz", "x")


def test_an_ambiguous_column_is_not_guessed(table):
    assert pick_column(table, "a b", "x") == ["1"]
    with pytest.raises(DataError, match=r"has no column 'AB' .*, but 'a b' and 'A_B'; name the one you mean"):
        pick_column(table, "AB", "x")


# ---- the house


def test_importing_loads_neither_polars_nor_sqlalchemy():
    code = "import sys, tastemaker.data.read; print(sorted({'polars', 'sqlalchemy', 'numpy'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


# ---- the real files


@pytest.mark.data
@pytest.mark.skipif(not REAL.is_dir(), reason="../shared/data is not on this machine")
def test_the_perfume_catalog_reads_as_a_person_would_want_it():
    table = read_table(REAL / "perfume/perfume_data.csv")
    assert (table.n_rows, table.refused) == (2191, ())
    assert table.lines == list(range(2, 2193))
    text = json.dumps(table.columns, ensure_ascii=False)
    assert not re.findall("[\u0080-\u009f]|Ã[\u00a0-\u00bf]|â€|Â[\u00a0-\u00bf]|[”“][”™œ˜]", text)
    # Three bytes 81 that stood for some quotation mark, and one U+FFFD that was in the source (as "ï¿½").
    assert (table.lost, text.count("\ufffd")) == (4, 4)
    assert table.repaired == 1650
    for repaired in ["“solstice”", "complex flavors — a cocktail", "blowing ‘em all", "Narziß", "Sœur"]:
        assert repaired in text


@pytest.mark.data
@pytest.mark.skipif(not REAL.is_dir(), reason="../shared/data is not on this machine")
@pytest.mark.parametrize(
    ("name", "rows"),
    [
        ("movielens-small/ratings.csv", 100_836),
        ("movielens-small/movies.csv", 9_742),
        ("spotify-playlists/spotify_songs.csv.gz", 32_833),
        ("youtube/GBvideos.csv", 7_995),
        ("goemotions/dev.tsv", 5_426 - 1),  # has no header: its first row names the columns
    ],
)
def test_every_row_of_the_other_real_files_is_accounted_for(name, rows):
    assert read_table(REAL / name).n_found == rows
