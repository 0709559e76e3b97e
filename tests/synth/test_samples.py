from collections import Counter

import numpy as np
import pytest

from tastemaker.data.columns import CatalogColumns, Extract
from tastemaker.data.load_catalog import load_catalog
from tastemaker.data.read import read_table
from tastemaker.errors import RecipeError
from tastemaker.features.tastes import Tastes
from tastemaker.recipe import find_recipe, read_recipe, recipe_names
from tastemaker.synth.samples import Sample, as_csv, sample_catalog
from tastemaker.testing.same import assert_same

FAMILIES = {f: tuple(f"{f} {i}" for i in range(12)) for f in ("calm", "loud", "odd", "slow", "warm")}
TASTES = Tastes(FAMILIES, "moods", "about")
COLUMNS = CatalogColumns(
    title="Name", id=("Maker", "Name"), text={"about": "About", "notes": "Notes"},
    tags={"moods": "Moods", "more": "More"}, categories={"maker": "Maker", "kind": "Kind"},
    numbers={"size": "Size"}, show={"image": "Picture"}, missing={"kind": "Unknown"},
)  # fmt: skip
SAMPLE = Sample(
    items=500, adjectives=("Red", "Old", "Tall", "Salt, dry"), nouns=("Boat", "Hut"), kind="No",
    brands=("Ann", "Bo", "Cy"), sentences=("{title} has {first}, and {second}.", "{third} \"all\" over.", "{second}!"),
)  # fmt: skip


def drawn(sample=SAMPLE, tastes=TASTES, columns=COLUMNS, seed=0):
    return sample_catalog(sample, tastes, columns, np.random.default_rng(seed))


def read_back(catalog, columns, tmp_path):
    path = tmp_path / "sample.csv"
    path.write_text(as_csv(catalog, columns), "utf-8")
    return load_catalog(read_table(path), columns)


@pytest.mark.parametrize(
    "columns",
    [
        COLUMNS,
        CatalogColumns(title="Name", tags={"moods": "Moods"}, separator="|"),
        CatalogColumns(title="Name", id=("Sku",), text={"about": "About"}),
        CatalogColumns(title="Name", id=("Maker", "Sku"), categories={"maker": "Maker"}, duplicates="refuse"),
        CatalogColumns(title="Name"),
    ],
)
def test_the_file_reads_back_as_the_same_items(tmp_path, columns):
    catalog = drawn(columns=columns)
    found = read_back(catalog, columns, tmp_path)
    assert (found.loaded, found.merged, found.refused) == (SAMPLE.items, 0, ())
    assert_same(found.catalog, catalog)


@pytest.mark.parametrize("name", [name for name in recipe_names() if read_recipe(find_recipe(name)).tastes.names])
def test_every_built_in_recipe_has_a_sample_that_reads_back(tmp_path, name):
    recipe = read_recipe(find_recipe(name))
    catalog = sample_catalog(recipe.sample, recipe.tastes, recipe.catalog, np.random.default_rng(1))
    assert len(catalog) == recipe.sample.items
    assert_same(read_back(catalog, recipe.catalog, tmp_path).catalog, catalog)
    assert not recipe.tastes.coverage(catalog).silent.all()


def test_the_same_seed_invents_the_same_catalog():
    assert_same(drawn(), drawn())
    assert drawn().tags != drawn(seed=1).tags


def test_titles_are_unique_and_numbered_when_names_run_out():
    titles = drawn().titles
    assert len(set(titles)) == 500
    assert {"Red Boat", "Old Hut No", "Tall Boat 2", "Tall Boat No 2"} <= set(titles)


def test_a_catalog_is_lopsided():
    catalog = drawn()
    families = Counter(tag.split()[0] for row in catalog.tags["moods"] for tag in row)
    assert families["Calm"] > 1.5 * families["Warm"]
    words = Counter(tag for row in catalog.tags["moods"] for tag in row)
    assert words["Calm 0"] > 3 * words["Calm 11"] > 0
    brands = Counter(catalog.categories["maker"])
    assert brands["Ann"] > brands["Bo"] > brands["Cy"] > 0


def test_most_items_have_four_to_nine_tags_of_few_families_and_some_have_none_or_one():
    rows = drawn().tags["moods"]
    sizes = Counter(map(len, rows))
    assert 0 < sizes[0] < 40
    assert 0 < sizes[1] < 60
    assert max(sizes) <= 9
    assert sum(len(row) >= 3 for row in rows) > 400
    most = [max(Counter(tag.split()[0] for tag in row).values()) / len(row) for row in rows if row]
    assert np.mean(most) > 0.6


def test_descriptions_mention_tags_and_are_filled_in():
    catalog = drawn()
    texts = catalog.text["about"]
    assert 0 < texts.count("") < 20
    assert not any("{" in text for text in texts)
    mentions = [
        any(tag.lower() in text.lower() for tag in row)
        for row, text in zip(catalog.tags["moods"], texts, strict=True)
        if row and text
    ]
    assert np.mean(mentions) > 0.95
    assert set(catalog.text["notes"]) == set(catalog.text["image"]) == {""}
    assert set(catalog.categories["kind"]) == {"Unknown"}
    assert np.isnan(catalog.numbers["size"]).all()


def test_a_recipe_that_only_names_families_has_a_sample():
    catalog = drawn(Sample(items=30), Tastes({"one": ["a, b", "c"]}))
    assert len(catalog) == 30
    assert catalog.titles[0].startswith(("A", "C"))
    assert {tag for row in catalog.tags["moods"] for tag in row} == {"C"}  # the other holds the separator


def test_without_a_lexicon_nothing_can_be_invented():
    with pytest.raises(RecipeError, match=r"made of the words of \[tastes.families\], and the recipe has none"):
        drawn(tastes=Tastes({}))


@pytest.mark.parametrize("sentence", ["{fourth}", "{", "{0}", "{first.x}"])
def test_a_sentence_with_an_unknown_place_is_refused(sentence):
    with pytest.raises(RecipeError, match="cannot fill in"):
        Sample(sentences=(sentence,))


def test_titles_end_with_years_that_a_pattern_reads_and_files_leave_out(tmp_path):
    columns = CatalogColumns(
        "Name", tags={"moods": "Moods"}, numbers={"year": "Year"}, categories={"era": "Era"}, separator="|",
        extract={"Year": Extract("Name", r"\((\d{4})\)$"), "Era": Extract("Name", r"\((\d{3})\d\)$", "{}0s")},
    )  # fmt: skip
    sample = Sample(items=200, tags=(2, 3), years=(1950, 2000), untold=(next(iter(FAMILIES)),))
    catalog = sample_catalog(sample, TASTES, columns, np.random.default_rng(0))
    years = catalog.numbers["year"]
    assert years.min() >= 1950
    assert years.max() == 2000
    assert np.median(years) > 1980
    assert catalog.categories["era"] == tuple(f"{int(year) // 10}0s" for year in years)
    assert max(map(len, catalog.tags["moods"])) <= 3
    told = {tag.lower() for row in catalog.tags["moods"] for tag in row}
    assert not told & {word.lower() for word in next(iter(FAMILIES.values()))}
    file = tmp_path / "sample.csv"
    file.write_text(as_csv(catalog, columns), "utf-8")
    assert file.read_text("utf-8").startswith("Name,Moods\n")
    assert_same(load_catalog(read_table(file), columns).catalog.numbers["year"], years)


@pytest.mark.parametrize("bad", [{"years": (2000,)}, {"years": (2000, 1990)}, {"tags": (0, 3)}, {"tags": (4, 3)}])
def test_years_and_tags_that_run_backwards_are_refused(bad):
    with pytest.raises(RecipeError, match=next(iter(bad))):
        Sample(**bad)
