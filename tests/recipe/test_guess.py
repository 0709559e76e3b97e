import json
from dataclasses import replace
from datetime import date, timedelta
from importlib import import_module
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tastemaker.algorithms import BPR, Content
from tastemaker.data.load_catalog import load_catalog
from tastemaker.data.query import Query
from tastemaker.data.read import read_table
from tastemaker.data.table import numbered_table
from tastemaker.errors import DataError, RecipeError
from tastemaker.features.build import TextFeatures, build_features
from tastemaker.recipe import guess, read_recipe
from tastemaker.recipe.guess_tastes import families_of_tags, families_of_text, lovers
from tastemaker.recommender import single
from tastemaker.synth.cases import user_cases
from tastemaker.synth.users import as_dataset, draw_rankings, draw_tastes
from tastemaker.watch import Watch

REAL = Path(__file__).parents[2] / "../shared/data"
KINDS = {"oak": ("moss", "smoke", "earth"), "mint": ("lime", "salt", "sea air"), "rum": ("cocoa", "milk", "honey")}
N = 120


def words_of(i, rng):
    """Tags of item i: half of the items are of the first kind, a third of the second."""
    kind = list(KINDS)[0 if i % 6 < 3 else 1 if i % 6 < 5 else 2]
    return [kind, *rng.choice(KINDS[kind], 2, replace=False).tolist()]


def shop(separator=", ", n=N, **more):
    """A table of n items with a title and tags; None leaves a column out."""
    rng = np.random.default_rng(0)
    tags = [words_of(i, rng) for i in range(n)]
    columns = {
        "Name": [f"Fine Thing {chr(65 + i % 26)}{i}" for i in range(n)],
        "Notes": [separator.join(row) if i % 20 else "" for i, row in enumerate(tags)],
    } | more
    return numbered_table("shop.csv", {name: cells for name, cells in columns.items() if cells is not None})


def prose(n=N):
    """Descriptions that mention the same words among many that say nothing."""
    rng = np.random.default_rng(1)
    filler = [f"filler{i}" for i in range(60)]
    texts = []
    for i in range(n):
        chosen = [*words_of(i, rng), *rng.choice(filler, 6, replace=False).tolist()]
        texts.append("this thing of the season is made with " + " and ".join(rng.permutation(chosen).tolist()))
    return texts


def guessed(table, tmp_path, **answers):
    """The guess, the recipe that it writes, and what that recipe reads of the table."""
    found = guess(table, answers)
    path = tmp_path / "shop.toml"
    path.write_text(found.as_toml(), "utf-8")
    recipe = read_recipe(path)
    return found, recipe, load_catalog(table, recipe.catalog)


def roles(found):
    return {choice.column: choice.role for choice in found.choices}


def why(found, column):
    return next(choice.why for choice in found.choices if choice.column == column)


# ---- columns


@pytest.mark.parametrize("separator", [",", ";", "|", "/"])
def test_tags_and_their_separator_are_found(tmp_path, separator):
    found, recipe, read = guessed(shop(f" {separator} "), tmp_path)
    assert roles(found) == {"Name": "title", "Notes": "tags"}
    assert why(found, "Notes") == f"100% of the cells hold two or more short phrases, divided by '{separator}'"
    assert recipe.catalog.separator == separator
    assert (read.loaded, read.refused, found.questions) == (N, (), ())
    assert all(len(row) in (0, 3) for row in read.catalog.tags["notes"])


@pytest.mark.parametrize("write", [repr, json.dumps])
def test_lists_that_a_program_wrote_are_tags(tmp_path, write):
    rng = np.random.default_rng(0)
    table = shop(Notes=[write(words_of(i, rng)) for i in range(N)])
    found, recipe, read = guessed(table, tmp_path)
    assert roles(found)["Notes"] == "tags"
    assert set(recipe.tastes.names) == set(KINDS)
    assert not any(set("[]'\"") & set(tag) for row in read.catalog.tags["notes"] for tag in row)


@pytest.mark.parametrize(
    ("column", "code"), [("Ref", "fine-thing-{}"), ("Product code", "{}"), ("Number", "ft{:05d}x"), ("asin", "B0{}Q")]
)
def test_a_code_of_each_row_is_the_id_though_titles_are_unique(tmp_path, column, code):
    found, recipe, read = guessed(shop(**{column: [code.format(i * 7) for i in range(N)]}), tmp_path)
    assert (roles(found)[column], recipe.catalog.id) == ("id", (column,))
    assert read.loaded == N


@pytest.mark.parametrize("code", ["photo{}.jpg", "{}-" + "x" * 60])
def test_neither_pictures_nor_long_keys_are_ids(tmp_path, code):
    found, recipe, _ = guessed(shop(Extra=[code.format(i) for i in range(N)]), tmp_path)
    assert (roles(found)["Extra"], recipe.catalog.id) == ("left out", ())


def test_a_column_that_is_called_id_is_one_however_long_its_keys_are(tmp_path):
    found, recipe, read = guessed(shop(id=[f"{i:064x}" for i in range(N)]), tmp_path)
    assert (roles(found)["id"], recipe.catalog.id, read.loaded) == ("id", ("id",), N)


def test_every_kind_of_column_is_told_from_its_cells(tmp_path):
    days = [(date(2020, 1, 1) + timedelta(i)).isoformat() for i in range(N)]
    table = shop(
        **{
            "Item ID": [f"{1000 + i * 7}" for i in range(N)],
            "About": prose(),
            "Brand": [f"House {chr(65 + i % 9)}" for i in range(N)],
            "Price": [f"{i * 0.37:.2f}" if i % 9 else "" for i in range(N)],
            "In Stock": ["true" if i % 3 else "false" for i in range(N)],
            "Image URL": [f"https://x.org/{i}.jpg" for i in range(N)],
            "Page": [f"https://x.org/{i}" for i in range(N)],
            "Released": days,
            "Size": [f"{i % 40 + 10} ml" if i % 2 else f"{i % 7}" for i in range(N)],
            "Weight": [f"{i},{i:03d}" for i in range(1, N + 1)],
            "group_id": [f"{i % 4}" for i in range(N)],
            "other_id": [f"{i * 3}" for i in range(N)],
            "batch": [f"a{i}f9c{i * 17}" for i in range(N)],
            "shop": ["ours"] * N,
            "notes2": [""] * N,
            "row": [str(i) for i in range(N)],
        }
    )
    found, recipe, read = guessed(table, tmp_path)
    assert roles(found) | {"Size": ""} == {
        "Name": "title", "Notes": "tags", "Item ID": "id", "About": "text", "Brand": "category", "Price": "number",
        "In Stock": "category", "Image URL": "show", "Page": "show", "Released": "left out", "Weight": "left out",
        "group_id": "category", "other_id": "left out", "batch": "left out", "shop": "left out", "notes2": "left out",
        "row": "left out", "Size": "",
    }  # fmt: skip
    assert why(found, "Item ID") == "every row has its own"
    assert (why(found, "Released"), why(found, "row")) == ("a date", "counts the rows")
    assert (why(found, "shop"), why(found, "notes2")) == ("the same in every row", "empty")
    assert "such as 1,001" in why(found, "Weight")
    assert (read.loaded, read.refused) == (N, ())
    assert recipe.catalog.show == {"image_url": "Image URL", "page": "Page"}
    assert recipe.catalog.missing["brand"] == "Unknown"


def test_numbers_with_a_word_among_them_would_refuse_rows_and_are_left_out():
    prices = [f"{i * 1.5}" for i in range(N - 1)]
    assert roles(guess(shop(Price=[*prices, "ask"])))["Price"] == "left out"
    assert roles(guess(shop(Price=[*prices, ""])))["Price"] == "number"


def test_tags_of_another_separator_are_left_out_and_say_so():
    table = shop(More=[f"{'red' if i % 2 else 'blue'}|{'small' if i % 3 else 'large'}" for i in range(N)])
    assert why(guess(table), "More") == "tags divided by '|', but 'Notes' has ','"


def test_columns_of_alike_names_have_names_of_their_own(tmp_path):
    table = shop(**{"my price": [f"{i}.5" for i in range(N)], "My_Price": [f"{i * 2}.5" for i in range(N)]})
    _, recipe, _ = guessed(table, tmp_path)
    assert recipe.catalog.numbers == {"my_price": "my price", "my_price_2": "My_Price"}


# ---- what names an item


def test_a_title_that_repeats_is_joined_with_the_column_that_tells_its_items_apart(tmp_path):
    names = ["Rain", *(f"Fine Thing {chr(65 + i)}x" for i in range(N // 2 - 1))] * 2
    makers = ["Orrin"] * (N // 2) + ["Halden"] * (N // 2)
    found, recipe, read = guessed(shop(Name=names, Maker=makers), tmp_path)
    assert recipe.catalog.id == ("Maker", "Name")
    assert why(found, "Maker") == "tells apart items of one title"
    assert (read.loaded, read.merged, found.questions) == (N, 0, ())


def test_ids_that_repeat_are_merged_unless_the_owner_refuses(tmp_path):
    table = shop(sku_id=[f"s{i // 2}" for i in range(N)], Name=[f"Thing {i // 2}" for i in range(N)])
    found, recipe, read = guessed(table, tmp_path)
    (question,) = found.questions
    assert (question.key, question.options, question.default) == ("duplicates", ("merge", "refuse"), "merge")
    assert question.text.startswith("60 rows repeat the 'sku_id' of another.")
    assert recipe.catalog.duplicates == "merge"
    assert (read.loaded, read.merged) == (60, 60)
    told = found.answered(question, "refuse")
    assert told.columns.duplicates == "refuse"
    assert told.questions[0].default == "refuse"


def test_two_equally_good_titles_are_a_question(tmp_path):
    table = shop(Title=[f"Grand Thing {i}" for i in range(N)])
    found = guess(table)
    (question,) = found.questions
    assert (question.key, question.default) == ("title", question.options[0])
    assert set(question.options) == {"Name", "Title"}
    other = found.answered(question, question.options[1])
    assert other.columns.title == question.options[1]
    assert guessed(table, tmp_path, title="Title")[1].catalog.title == "Title"


def test_an_answer_to_nothing_or_outside_its_options_is_refused():
    with pytest.raises(RecipeError, match=r"nothing was asked that is called 'colour'. Open questions: none"):
        guess(shop(), {"colour": "red"})
    with pytest.raises(RecipeError, match=r"'perhaps' is no answer to 'duplicates'.*Choose one of: merge, refuse"):
        guess(shop(Name=[f"Thing {i}" for i in range(N // 2)] * 2), {"duplicates": "perhaps"})


def test_ids_are_shown_where_nothing_has_a_name(tmp_path):
    found, recipe, read = guessed(shop(Name=None, track_id=[f"x{i}" for i in range(N)]), tmp_path)
    assert (recipe.catalog.title, recipe.catalog.id) == ("track_id", ())
    assert why(found, "track_id") == "no column holds names, so this id is shown"
    assert read.catalog.titles[3] == "x3"


@pytest.mark.parametrize(
    "columns",
    [
        {"Name": [f"Fine {i}" for i in range(9)]},
        {"Name": [f"Fine {i}" for i in range(9)], "id": [str(i) for i in range(9)]},
        {"id": [str(i) for i in range(9)], "link_id": [str(i * 3) for i in range(9)]},
        {"Text": ["the same sentence again and again"] * 9},
        {"x": ["1", "2", "2"]},
    ],
)
def test_a_table_of_names_alone_is_no_catalog_and_says_what_one_needs(columns):
    with pytest.raises(DataError, match=r"A catalog needs a column that names its items, and at least one that tells"):
        guess(numbered_table("shop.csv", columns))


def test_a_subtitle_counts_as_text_where_there_is_nothing_else():
    table = shop(Notes=None, Motto=[f"never {i} again" for i in range(N)])
    assert roles(guess(table)) == {"Name": "title", "Motto": "text"}


def test_a_table_of_events_is_told_from_a_catalog():
    rows = {"userId": ["1", "1", "2"], "itemId": ["5", "6", "5"], "rating": ["3", "4", "5"]}
    with pytest.raises(DataError, match="log has a column 'userId': it tells what users did"):
        guess(numbered_table("log", rows))


# ---- families and archetypes


def test_families_are_what_occurs_together():
    rng = np.random.default_rng(0)
    families = families_of_tags([words_of(i, rng) for i in range(400)])
    assert {name: set(found) for name, found in families.items()} == {
        name: {name, *others} for name, others in KINDS.items()
    }


def test_words_that_everything_has_are_no_family():
    rng = np.random.default_rng(0)
    families = families_of_tags([[*words_of(i, rng), "nice"] for i in range(400)])
    assert not any("nice" in found for found in families.values())
    texts = families_of_text(prose(400))
    assert not {"this", "thing", "season", "made", "with"} & {word for found in texts.values() for word in found}


def test_a_phrase_that_holds_a_familys_word_needs_no_mention():
    rows = [["rose", "musk"], ["wild rose", "musk"], ["wild rose", "rose"], ["oak", "moss"], ["oak", "moss"]] * 8
    assert not any("wild rose" in found for found in families_of_tags(rows).values())


def test_families_of_a_text_alone(tmp_path):
    found, recipe, _ = guessed(shop(Notes=None, About=prose()), tmp_path)
    assert roles(found)["About"] == "text"
    assert recipe.tastes.text == "about"
    assert (recipe.tastes.tags, recipe.tastes.text_weight) == (None, 1.0)
    known = {word for words in recipe.tastes.families.values() for word in words}
    assert len(known & {"moss", "smoke", "earth", "lime", "salt", "mint"}) >= 5
    assert "thing" not in known


def test_families_of_a_category_of_few_values(tmp_path):
    genres = ["R&B" if i % 2 else "Hard Rock" if i % 3 else "Polka, slow" for i in range(N)]
    found, recipe, read = guessed(shop(Notes=None, Genre=genres), tmp_path)
    assert recipe.tastes.families == {"r_b": ["r&b"], "hard_rock": ["hard rock"], "polka_slow": ["polka, slow"]}
    assert recipe.catalog.separator not in "".join(genres)
    assert why(found, "Genre").endswith("its values are the tastes")
    assert recipe.tastes.coverage(read.catalog).known_tags == N


def test_numbers_alone_make_a_recipe_that_answers_by_likeness(tmp_path):
    rng = np.random.default_rng(0)
    columns = {name: [f"{x:.3f}" for x in rng.random(N)] for name in ("energy", "tempo")}
    found, recipe, read = guessed(shop(Notes=None, **columns), tmp_path)
    assert (recipe.tastes.names, dict(recipe.synth.archetypes)) == ((), {})
    assert "real events" in found.as_toml()
    features = build_features(read.catalog, recipe.features, recipe.tastes, 1, Watch())
    assert set(features.blocks) == {"numbers"}
    (model,) = recipe.models.values()
    data = as_dataset(
        draw_rankings(np.ones((2, 1), np.float32), np.ones((N, 1), np.float32), 3, 0.2, rng),
        np.zeros((2, 0), np.float32), (), read.catalog, recipe.scales["ranking"],
    )  # fmt: skip
    answers = single(read.catalog, (), model.fit(data, features, rng, Watch()))
    liked = read.catalog.items.ids[7]
    nearest = answers.recommend([Query(likes=(liked,), n=5)])[0].items
    block = features.block("numbers")
    close = block @ block[7] / np.linalg.norm(block, axis=1)
    assert {read.catalog.items.rows([id_])[0] for id_ in nearest} <= set(np.argsort(-close)[:6].tolist())


def test_five_archetypes_four_lovers_of_what_goes_together():
    rng = np.random.default_rng(0)
    alike = rng.random((300, 4))
    membership = np.hstack([alike, alike + 0.05 * rng.random((300, 4))]).astype(np.float32)
    names = [f"f{i}" for i in range(8)]
    found = lovers(dict.fromkeys(names, ("x",)), membership)
    assert list(found.values()) == [{f"f{i}": 0.9, f"f{i + 4}": 0.6} for i in range(4)] + [{"*": 0.7}]


@pytest.mark.parametrize(("n", "lovers_of"), [(0, 0), (2, 2), (3, 3), (5, 4)])
def test_fewer_families_have_fewer_lovers_each_of_another_one(n, lovers_of):
    found = lovers({f"f{i}": ("x",) for i in range(n)}, np.eye(n, dtype=np.float32))
    assert len(found) == lovers_of + (n > 0)
    assert len({max(wanted, key=wanted.get) for wanted in found.values()}) == len(found)


# ---- the file


def test_strange_names_survive_the_file(tmp_path):
    table = shop(**{'Say "hi"\\ \n': [f"{i}.25" for i in range(N)], "größe\x7f": [f"{i}.5" for i in range(N)]})
    _, recipe, read = guessed(table, tmp_path)
    assert set(recipe.catalog.numbers.values()) == {'Say "hi"\\ \n', "größe\x7f"}
    assert read.loaded == N


def test_the_file_gives_the_reason_for_every_column():
    text = guess(shop(Price=[f"{i}.5" for i in range(N)])).as_toml()
    for line in (
        "# Name → title:",
        "# Notes → tags: 100% of",
        "# Price → number:",
        "# Families: frequent tags of 'Notes'",
    ):
        assert line in text
    assert max(map(len, text.splitlines())) <= 120


cells = st.one_of(
    st.sampled_from(
        ["", "a", "A thing", "a, b", "x|y", "7", "-1.5", "true", "2020-01-01", "['a', 'b']", "http://x/y.png"]
    ),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=12),
)
headers = st.sampled_from(["id", "Name", "title", "tags", "user", "x y", "größe", "", 'a"b', "date", "image"])


@given(
    st.lists(headers, min_size=1, max_size=4, unique=True).flatmap(
        lambda names: st.tuples(
            st.just(names), st.lists(st.lists(cells, min_size=len(names), max_size=len(names)), min_size=1, max_size=8)
        )
    )
)
def test_any_table_is_refused_or_gives_a_recipe_that_reads_it(tmp_path_factory, made):
    names, rows = made
    table = numbered_table(
        "t.csv", {name: list(column) for name, column in zip(names, zip(*rows, strict=True), strict=True)}
    )
    try:
        found = guess(table)
    except DataError as error:
        assert "A catalog needs" in str(error)  # noqa: PT017
        return
    path = tmp_path_factory.mktemp("any") / "t.toml"
    path.write_text(found.as_toml(), "utf-8")
    recipe = read_recipe(path)
    assert found.columns == recipe.catalog
    assert len(found.choices) == len(names)
    assert bool(recipe.synth.archetypes) == bool(recipe.tastes.names)
    try:
        read = load_catalog(table, recipe.catalog)
    except DataError as error:
        assert "no row could be loaded" in str(error)  # noqa: PT017
        return
    assert read.loaded + read.merged + len(read.refused) == len(rows)


def test_the_same_table_gives_the_same_file():
    assert guess(shop()).as_toml() == guess(shop()).as_toml()


@pytest.mark.parametrize("columns", [{}, {"Notes": None, "About": prose()}, {"About": prose()}])
def test_a_guessed_recipe_pre_trains(tmp_path, columns):
    """Features, invented users, a model and its judgement: better than chance at what nobody prepared."""
    _, recipe, read = guessed(shop(**columns), tmp_path)
    assert set(recipe.models) == {"content", "bpr", "dpl", "ranknet"}
    rng = np.random.default_rng(0)
    settings = replace(recipe.features, text=TextFeatures("lsa", dim=8))
    features = build_features(read.catalog, settings, recipe.tastes, 1, Watch())
    tastes, _ = draw_tastes(recipe.synth, features.tastes, 60, rng)
    rankings = draw_rankings(tastes, features.block("tastes"), 10, recipe.synth.ranking_noise, rng)
    data = as_dataset(rankings, tastes, features.tastes, read.catalog, recipe.scales["ranking"])
    case = user_cases(recipe.synth, features, 20, rng)[0]
    for model in (BPR(epochs=5, dim=8), Content()):
        scores = single(read.catalog, features.tastes, model.fit(data, features, rng, Watch())).score(
            case.queries, case.items
        )
        better = [np.corrcoef(s, r)[0, 1] for s, r in zip(scores, case.relevance, strict=True) if np.ptp(s) > 0]
        assert np.mean(better) > 0.15


def test_a_long_table_is_judged_by_rows_from_all_over_it(monkeypatch):
    monkeypatch.setattr(import_module("tastemaker.recipe.guess"), "ROWS", 60)
    early = [""] * (N // 2) + [f"{i}.5" for i in range(N // 2)]
    found = guess(shop(Price=early))
    assert roles(found)["Price"] == "number"
    assert set(found.tastes.names) <= {word for name, others in KINDS.items() for word in (name, *others)}
    repeated = guess(shop(Name=[f"Thing {max(i, 1)}" for i in range(N)]))  # ids are counted in the whole of it
    assert repeated.questions[0].text.startswith("1 row repeats")


# ---- real files


def real(name):
    if not (REAL / name).exists():
        pytest.skip(f"{name} is not ours to ship; it was looked for in {REAL}")
    return read_table(REAL / name)


@pytest.mark.data
@pytest.mark.parametrize(
    ("name", "title", "id_", "tags", "loaded"),
    [
        ("perfume/perfume_data.csv", "Name", ("Brand", "Name"), "Notes", 2191),
        ("movielens-small/movies.csv", "title", ("movieId",), "genres", 9742),
        ("spotify-playlists/spotify_songs.csv.gz", "track_name", ("track_id",), "playlist_genre", 28356),
        ("youtube/GBvideos.csv", "title", ("video_id",), "tags", 1713),
    ],
)
def test_real_catalogs_are_guessed_right(tmp_path, name, title, id_, tags, loaded):
    table = real(name)
    _, recipe, read = guessed(table, tmp_path)
    assert (recipe.catalog.title, recipe.catalog.id) == (title, id_)
    assert tuple(recipe.catalog.tags.values()) == (tags,)
    assert read.loaded == loaded
    assert read.loaded + read.merged + len(read.refused) == table.n_found
    assert 5 <= len(recipe.tastes.names) <= 8
    assert len(recipe.synth.archetypes) == 5
    assert recipe.tastes.coverage(read.catalog).silent.mean() < 0.2


@pytest.mark.data
@pytest.mark.parametrize(
    "name", ["movielens-small/links.csv", "movielens-small/ratings.csv", "movielens-small/tags.csv"]
)
def test_real_tables_that_are_no_catalogs_are_refused(name):
    with pytest.raises(DataError, match="A catalog needs"):
        guess(real(name))
