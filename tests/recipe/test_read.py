import json

import numpy as np
import pytest

from tastemaker.algorithms import BPR, IALS, Blend, GraphFilter, RankNet
from tastemaker.errors import RecipeError
from tastemaker.recipe import find_recipe, first_sample, read_recipe, recipe_names, resolve

SMALL = {
    "title": "Test",
    "catalog": {"title": "Name", "tags": {"notes": "Notes"}},
    "tastes": {"tags": "notes", "families": {"woody": ["oak"], "fresh": ["mint"]}},
    "synth": {"archetypes": {"woodman": {"woody": 0.9}, "all": {"*": 0.5}}},
    "models": {"bpr": {}, "deep": {"algorithm": "ranknet", "hidden": [8, 4], "epochs": 2}},
}


def changed(path, value):
    """SMALL with another value at this path of keys."""
    raw = {**SMALL}
    inside = raw
    *parents, last = path.split("/")
    for key in parents:
        inside[key] = {**inside.get(key, {})}
        inside = inside[key]
    inside[last] = value
    return raw


def refused(raw):
    with pytest.raises(RecipeError) as error:
        resolve(raw, "mine.toml")
    return str(error.value)


def test_plain_values_become_a_recipe():
    recipe = resolve(SMALL, "mine.toml")
    assert recipe.catalog.tags == {"notes": "Notes"}
    assert recipe.tastes.names == ("woody", "fresh")
    assert recipe.models == {"bpr": BPR(), "deep": RankNet(hidden=(8, 4), epochs=2)}
    np.testing.assert_allclose(recipe.synth.centers(recipe.tastes.names), [[0.9, 0.0], [0.5, 0.5]])


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        (
            "catalgo",
            {},
            "mine.toml: a recipe has no key 'catalgo'; did you mean 'catalog'? Known: catalog, context, events,",
        ),
        ("features/text/dims", 3, "[features.text] has no key 'dims'; did you mean 'dim'?"),
        ("models/bpr/epoch", 3, "[models.bpr] has no key 'epoch'; did you mean 'epochs'?"),
        ("features/text/dim", "many", "features.text.dim is 'many': input should be a valid integer"),
        ("features/text/encoder", "bert", "features.text.encoder is 'bert': input should be 'word2vec' or 'lsa'"),
        ("judge/users", 1.5, "judge.users is 1.5: input should be a valid integer"),
        ("events/scales/stars/column", "stars", "events.scales.stars.worst is missing; it has no default."),
        (
            "models/rankent",
            {},
            "[models.rankent] names 'rankent', no algorithm; did you mean 'ranknet'? There are: bayesmf,",
        ),
        ("models/deep/algorithm", "gpt", "[models.deep] names 'gpt', no algorithm. There are:"),
        ("synth/archetypes/x", {"wody": 0.5}, "synth.archetypes.x names 'wody', no family; did you mean 'woody'?"),
        ("synth/archetypes/x", {"woody": 1.5}, "synth.archetypes.x.woody is 1.5; give 0 to 1."),
        ("tastes/families/bare", [], "tastes.families.bare is empty; give it a word or remove it."),
        ("synth/rankings", 1, "rankings 1; at least 1 and 2 are needed."),
        ("catalog/optional", ["note"], "speaks of 'note', which is none of its columns"),
        ("sample/sentences", ["Like {forth}."], "cannot fill in 'Like {forth}.'"),
        ("sample/items", 1, "items is 1"),
        ("catalog/extract", {"year": {"of": "Name", "pattern": "[0-9]+"}}, "pattern '[0-9]+' has 0 groups"),
        ("catalog/extract", {"year": {"from": "Name"}}, "[catalog.extract.year] has no key 'from'"),
        ("catalog/tagged", {"into": "note"}, "names 'note', which is not under tags"),
        ("synth/everybody", {"wody": 0.5}, "synth.everybody names 'wody', no family; did you mean 'woody'?"),
        ("synth/pull", {"price": 0.5}, "synth.pull names 'price', no number of [catalog]"),
        ("synth/mix", -1.0, "mix is -1; give 0"),
        ("sample/years", [2020], "years is [2020]; give the first and the last one."),
    ],
)
def test_what_is_wrong_is_named_with_what_would_be_right(path, value, message):
    assert message in refused(changed(path, value))


def test_a_required_key_is_missing():
    assert "catalog.title is missing; it has no default." in refused(changed("catalog", {"tags": {"n": "N"}}))
    assert "title is missing" in refused({"catalog": {"title": "Name"}})


def test_a_file_that_is_not_toml_or_not_text_or_not_there(tmp_path):
    path = tmp_path / "mine.toml"
    for content, message in ((b"title = ", "mine.toml is not valid TOML"), (b"\xff\xfe", "cannot be read")):
        path.write_bytes(content)
        with pytest.raises(RecipeError, match=message):
            read_recipe(path)
    with pytest.raises(RecipeError, match="cannot be read"):
        read_recipe(tmp_path / "none.toml")


def test_a_recipe_is_found_by_name_or_by_path(tmp_path):
    for name in recipe_names():
        assert find_recipe(name).is_file()
    mine = tmp_path / "mine.toml"
    mine.touch()
    assert find_recipe(str(mine)) == mine
    first = recipe_names()[0]
    with pytest.raises(RecipeError, match=f"No recipe is called '{first}x'; did you mean '{first}'"):
        find_recipe(f"{first}x")


@pytest.mark.parametrize("name", recipe_names())
def test_every_built_in_recipe_is_whole_and_comes_back_from_its_json(name):
    recipe = read_recipe(find_recipe(name))
    assert recipe.name == name
    assert recipe.models
    assert recipe.title
    assert resolve(json.loads(json.dumps(recipe.as_json())), "stored") == recipe


def test_a_blend_is_made_of_other_models_of_the_recipe_and_of_tables():
    models = {
        "ials": {"dim": 8},
        "mix": {"algorithm": "blend", "members": ["ials", {"algorithm": "graph", "out": 0.1}], "k": 5},
    }
    recipe = resolve({"title": "t", "catalog": {"title": "name"}, "models": models}, "shop.toml")
    assert recipe.models["mix"] == Blend((IALS(dim=8), GraphFilter(out=0.1)), k=5)
    assert resolve({**recipe.as_json(), "models": recipe.as_json()["models"]}, "again").models == recipe.models


def test_a_blend_of_what_does_not_exist_or_of_itself_is_refused():
    for member in ("ails", "mix"):
        models = {"ials": {}, "mix": {"algorithm": "blend", "members": [member]}}
        with pytest.raises(RecipeError, match=rf"models.mix.members names '{member}', no other model"):
            resolve({"title": "t", "catalog": {"title": "name"}, "models": models}, "shop.toml")


def test_members_that_are_no_list_are_refused():
    for given in (3, "ials"):
        models = {"ials": {}, "mix": {"algorithm": "blend", "members": given}}
        with pytest.raises(RecipeError, match=r"models.mix.members is .*Give a list"):
            resolve({"title": "t", "catalog": {"title": "name"}, "models": models}, "shop.toml")


def test_numbers_that_pull_must_be_among_the_features():
    raw = changed("catalog/numbers", {"price": "Price"})
    raw["synth"] = {**raw["synth"], "pull": {"price": 0.1}}
    assert resolve(raw, "mine.toml").synth.pull == {"price": 0.1}
    assert 'needs "numbers" among the blocks' in refused({**raw, "features": {"blocks": ["tastes"]}})


def test_one_built_in_recipe_is_the_one_to_show_first():
    first = [name for name in recipe_names() if read_recipe(find_recipe(name)).sample.first]
    assert first == [first_sample()]
