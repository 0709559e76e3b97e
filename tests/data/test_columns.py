import pytest

from tastemaker.data.columns import CatalogColumns, Extract, TagColumns
from tastemaker.errors import RecipeError

YEAR = r"\((\d{4})\)\s*$"


def test_a_pattern_makes_cells_of_cells_and_nothing_where_it_does_not_match():
    cells = ["Dune (1984) ", "1984 (Dune)", "", None, "(1999) Dune (2021)"]
    assert Extract("title", YEAR).cells(cells) == ["1984", None, None, None, "2021"]
    assert Extract("title", r"\((\d{3})\d\)$", "{}0s").cells(cells) == [None, None, None, None, "2020s"]
    assert Extract("title", r"Dune|(Fog)").cells(["Dune", "Fog"]) == [None, "Fog"]


@pytest.mark.parametrize(
    ("pattern", "shown", "says"),
    [
        (r"(\d{4", "{}", r"pattern .* is no regular expression: missing \)"),
        (r"\d{4}", "{}", "has 0 groups; put what is wanted"),
        (r"(\d)(\d)", "{}", "has 2 groups"),
        (YEAR, "year", "shown is 'year'; write {} once"),
        (YEAR, "{}{}", "shown is '{}{}'"),
        (YEAR, "{0}", "shown is '{0}'"),
    ],
)
def test_a_pattern_that_cannot_be_meant_is_refused(pattern, shown, says):
    with pytest.raises(RecipeError, match=says):
        Extract("title", pattern, shown)


@pytest.mark.parametrize(
    ("tagged", "says"),
    [
        (TagColumns(into="words"), r"names 'words', which is not under tags .* tags = \{ words = \"words\" \}"),
        (TagColumns(into="notes", count="n"), "names 'n', which is not under numbers"),
    ],
)
def test_tags_go_into_columns_that_are_there(tagged, says):
    with pytest.raises(RecipeError, match=says):
        CatalogColumns("Name", tags={"notes": "Notes"}, tagged=tagged)
