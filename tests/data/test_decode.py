import codecs

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tastemaker.data.decode import FALLBACK, decode
from tastemaker.errors import DataError


@given(st.binary())
def test_no_bytes_make_it_fail(data):
    found = decode(data)
    assert found.text.encode() is not None
    assert 0 <= found.lost <= len(found.text)


@given(st.lists(st.sampled_from([b"\x94", b"\x9d", b"\x98", b"\xc3", b"\xa9", b"\xe2", b"\x80", b"\xff", b"a"])))
def test_no_damaged_bytes_make_it_fail(parts):
    found = decode(b"".join(parts))
    assert found.text.encode() is not None


@given(st.text())
def test_valid_utf8_is_never_rewritten(text):
    found = decode(b"x" + text.encode())
    assert found == ("x" + text, "UTF-8", 0, text.count("\ufffd"))


def test_mojibake_in_a_clean_file_stays_as_it_is_written():
    assert decode("Ã© means é".encode()).text == "Ã© means é"


def test_cp1252_is_read_and_counted():
    assert decode("Crème brûlée – “50 €”".encode("cp1252")) == ("Crème brûlée – “50 €”", FALLBACK, 7, 0)


@pytest.mark.parametrize(
    ("data", "text", "repaired"),
    [
        (b"\xe9t\xc3\xa9", "été", 1),  # one file, two encodings
        (b"\xe9 \xc3\x83\xc2\xa9", "é é", 2),  # UTF-8 read as cp1252 and saved as UTF-8
        (b"\xe9 \xc3\xa2\xe2\x82\xac\xe2\x84\xa2", "é ’", 2),
        (b"\xe9 \xc3\xa2\xc2\x80\xc2\x99", "é ’", 2),  # the same by way of Latin-1
        (b"\x94\x9chi\x94\x9d \x94\x94 \x94\x98em", "“hi” — ‘em", 4),  # "â€" replaced by one quote
        (b"\x93hi\x94\x99", "“hi”™", 3),  # without that damage, a quote and a trade mark
        (b"Frangisteria\x9d", "Frangisteria”", 1),
        (b"\xe9 MANH\xc3\x83\xe2\x80\x9d", "é MANHÃ”", 1),  # a word and a quote, or a damaged Ô: undecided, so kept
    ],
)
def test_damage_is_undone_and_counted(data, text, repaired):
    assert decode(data) == (text, FALLBACK, repaired, 0)


def test_what_nobody_can_read_is_marked_and_counted():
    assert decode(b"caf\xe9 \x81") == ("café \ufffd", FALLBACK, 1, 1)


@pytest.mark.parametrize(
    ("mark", "codec", "name"),
    [
        (codecs.BOM_UTF8, "utf-8", "UTF-8"),
        (codecs.BOM_UTF16_LE, "utf-16-le", "UTF-16"),
        (codecs.BOM_UTF16_BE, "utf-16-be", "UTF-16"),
        (codecs.BOM_UTF32_LE, "utf-32-le", "UTF-32"),
    ],
)
def test_a_byte_order_mark_is_followed_and_removed(mark, codec, name):
    assert decode(mark + "naïve 😀".encode(codec)) == ("naïve 😀", name, 0, 0)


def test_a_mark_before_broken_utf8_is_removed_too():
    assert decode(codecs.BOM_UTF8 + b"caf\xe9").text == "café"


def test_a_stated_encoding_is_believed():
    assert decode("Роза".encode("cp1251"), "cp1251") == ("Роза", "cp1251", 0, 0)


def test_an_unknown_encoding_is_refused():
    with pytest.raises(DataError, match=r"'cp125x' is not an encoding Python knows\. Try utf-8"):
        decode(b"a", "cp125x")
