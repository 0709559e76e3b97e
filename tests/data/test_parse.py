import calendar
import math
from datetime import UTC

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tastemaker.data.parse import split_tags, to_number, to_time


@pytest.mark.parametrize("cell", [None, "", "  "])
def test_a_missing_number_is_nan(cell):
    assert math.isnan(to_number(cell))


@pytest.mark.parametrize(
    ("cell", "number"), [("5", 5.0), (" -0.5 ", -0.5), ("1e3", 1000.0), ("+.25", 0.25), ("0", 0.0)]
)
def test_a_number_is_read(cell, number):
    assert to_number(cell) == number


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_every_finite_number_comes_back_from_its_repr(number):
    assert to_number(repr(number)) == number


@pytest.mark.parametrize("cell", ["nan", "NaN", "inf", "-Infinity", "1e999"])
def test_what_is_not_finite_is_refused(cell):
    with pytest.raises(ValueError, match="is not a finite number; leave the cell empty"):
        to_number(cell)


@pytest.mark.parametrize("cell", ["ten", "1_000", "5 stars", "0x10", "--1"])
def test_junk_is_refused(cell):
    with pytest.raises(ValueError, match=r"is not a number$"):
        to_number(cell)


@pytest.mark.parametrize("cell", ["4,5", "1,234,567"])
def test_a_comma_is_refused_with_what_to_write(cell):
    with pytest.raises(ValueError, match="is not a number; write a decimal point"):
        to_number(cell)


@pytest.mark.parametrize(
    ("cell", "seconds"),
    [
        ("1970-01-01", 0),
        ("1970-01-02T00:00:00", 86_400),
        ("1970-01-01 01:00:00+01:00", 0),
        ("2024-05-31T18:30:00Z", 1_717_180_200),
        ("2024-05-31 18:30:00 UTC", 1_717_180_200),
        ("20240531", 1_717_113_600),
        ("20241399", 20_241_399),
        ("1598010810000", 1_598_010_810),
        ("1969-12-31T23:59:59.5", -1),
        ("1717180200", 1_717_180_200),
        ("1717180200.9", 1_717_180_200),
        ("1717180200123", 1_717_180_200),
        (" 7 ", 7),
        ("-1", -1),
    ],
)
def test_times_are_utc_seconds(cell, seconds):
    assert to_time(cell) == seconds


@given(st.datetimes(timezones=st.just(UTC)))
def test_every_moment_comes_back_from_iso(moment):
    assert to_time(moment.isoformat()) == calendar.timegm(moment.timetuple())


@given(st.integers(10**9, 4 * 10**9))
def test_seconds_and_milliseconds_agree(seconds):
    assert to_time(str(seconds)) == to_time(str(seconds * 1000)) == seconds


@pytest.mark.parametrize("cell", [None, "", " "])
def test_a_missing_time_is_refused(cell):
    with pytest.raises(ValueError, match="the time is missing"):
        to_time(cell)


@pytest.mark.parametrize("cell", ["yesterday", "31.05.2024", "2024-13-01", "nan", "inf"])
def test_a_time_in_no_known_form_is_refused_with_one_that_is(cell):
    with pytest.raises(ValueError, match=r"is not a time; write 2024-05-31"):
        to_time(cell)


def test_an_epoch_in_nanoseconds_is_refused():
    with pytest.raises(ValueError, match="too large"):
        to_time("1717180200000000000")


def test_tags_keep_their_order_and_their_look():
    assert split_tags(" Rose , oud,, ROSE,Vanilla ", ",") == ("Rose", "oud", "Vanilla")


@pytest.mark.parametrize("cell", [None, "", " , ,"])
def test_no_tags(cell):
    assert split_tags(cell, ",") == ()


@pytest.mark.parametrize(
    ("cell", "tags"),
    [
        ("['Rock', 'Pop']", ("Rock", "Pop")),
        ('["a, b", "c"]', ("a, b", "c")),
        ("""["it's", 'x']""", ("it's", "x")),
        ('["say \\"no\\"", "b"]', ('say "no"', "b")),
        ("['a', 2, None]", ("a", "2", "None")),
        ("['Rock', 'rock', '']", ("Rock",)),
        ("[rock; pop]", ("rock", "pop")),
        ("[]", ()),
        ("[live] a; [demo]", ("[live] a", "[demo]")),
        ("[live; at home", ("[live", "at home")),
    ],
)
def test_a_list_that_a_program_wrote_loses_brackets_and_quotes(cell, tags):
    assert split_tags(cell, ";") == tags


@given(st.text(st.characters(exclude_characters="[")), st.sampled_from(",;|"))
def test_tags_are_stripped_and_differ_by_more_than_case(cell, separator):
    tags = split_tags(cell, separator)
    assert all(tag and tag == tag.strip() and separator not in tag for tag in tags)
    assert len({tag.casefold() for tag in tags}) == len(tags)
