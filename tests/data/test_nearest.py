import pytest

from tastemaker.data.nearest import did_you_mean, nearest


@pytest.mark.parametrize(
    ("name", "found"), [("Nmae", "Name"), ("NAME", "Name"), ("brnad", "Brand"), ("zzz", None), ("", None)]
)
def test_the_closest_spelling_is_found_whatever_its_case(name, found):
    assert nearest(name, ["Name", "Brand", "Notes"]) == found


def test_no_choices_no_suggestion():
    assert nearest("Name", []) is None
    assert did_you_mean("Name", []) == ""


def test_the_suggestion_ends_a_message():
    assert did_you_mean("Nmae", iter(["Name", "Brand"])) == "; did you mean 'Name'?"
    assert did_you_mean("zzz", ["Name"]) == ""


def test_a_part_of_a_long_title_finds_it():
    titles = ["Memory", "Memories - Dillon Francis Remix", "Memories of a Summer Night in July"]
    assert nearest("dillon memories", titles) == "Memories - Dillon Francis Remix"
    assert nearest("Memores", titles) == "Memory"
