"""The verbs of a project that teach nothing: init, check, activate, rollback, forget, delist."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tastemaker.data.query import Slate
from tastemaker.errors import DataError, QueryError, RecipeError, StoreError
from tastemaker.lifecycle import Project
from tastemaker.lifecycle import project as module
from tastemaker.store import list_activations

from ..shops import ITEMS, edit, quick_recipe, real_rankings, write_rankings

HEAD = "Brand,Name,Notes,Description\n"
WOODY = {"woody": 0.9, "spicy": 0.7}


def messy(folder: Path) -> Path:
    """Six rows: an item that comes twice, one without a title, one without anything but a title."""
    rows = [
        "A,One,oak,wood",
        "A,One,rose,",
        'B,Two,"lemon, mint",fresh',
        "B,,oak,no name",
        ",Three,,",
        "C,Four,vanilla,",
    ]
    file = folder / "messy.csv"
    file.write_text(HEAD + "\n".join(rows) + "\n", "utf-8")
    return file


def test_a_new_project_answers_before_it_is_taught(new: Project) -> None:
    (version,) = new.versions()
    assert (version.id, version.algorithm, version.state) == (0, "content", "active")
    slate = new.recommend(taste=WOODY, n=5)
    assert len(slate.items) == 5
    assert (slate.version, slate.level, slate.level_reason) == ("0", "active", "")
    liked = slate.items[0]
    assert liked not in new.recommend(likes=[liked], n=5).items


def test_with_nothing_known_the_newest_answer(new: Project) -> None:
    slate = new.recommend(n=3)
    assert slate.items == tuple(reversed(new.catalog().items.ids[-3:]))
    assert (slate.level, slate.level_reason) == ("newest", "active has nothing to go by here")


def test_every_row_is_accounted_for(tmp_path: Path) -> None:
    with Project.init(tmp_path / "shop", quick_recipe(tmp_path), messy(tmp_path), skip_bad_rows=True) as project:
        found = project.check()
        (record,) = found.imports
        assert (record.rows, record.loaded, record.merged, record.refused) == (6, 4, 1, 1)
        assert record.rows == record.loaded + record.merged + record.refused
        assert found.refusals == {"messy.csv": [[5, "the title (Name) is empty"]]}
        assert (found.n_items, found.n_available) == (4, 4)
        assert found.gaps == {"description": 2, "image": 4, "brand": 1, "notes": 1}
        assert {name: n for name, n in found.families.items() if n} == {
            "woody": 1,
            "fresh": 1,
            "oriental": 1,
            "sweet": 1,
        }
        assert found.coverage.silent.tolist() == [False, False, True, False]  # who has no family counts for none
        assert found.unused == ()
        catalog = project.catalog()
        assert catalog.tags["notes"][0] == ("oak", "rose")
        assert catalog.categories["brand"][2] == "Unknown"


def test_ties_count_for_each_family_and_columns_that_nothing_names_are_listed(tmp_path: Path) -> None:
    file = tmp_path / "more.csv"
    file.write_text('Brand,Name,Notes,Description,Price,Made in\nA,One,"oak, rose",,12,FR\nB,Two,rose,,13,\n', "utf-8")
    with Project.init(tmp_path / "shop", quick_recipe(tmp_path), file) as project:
        found = project.check()
        assert {name: n for name, n in found.families.items() if n} == {"woody": 1, "floral": 2}
        assert found.unused == ("Price", "Made in")


def test_bad_rows_stop_an_init_that_was_not_told_to_skip_them(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"messy.csv, line 5: the title \(Name\) is empty.*--skip-bad-rows"):
        Project.init(tmp_path / "shop", quick_recipe(tmp_path), messy(tmp_path))
    assert not (tmp_path / "shop").exists()


@pytest.mark.parametrize("there", [False, True])
def test_an_init_that_fails_leaves_nothing(tmp_path: Path, there: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    root = tmp_path / "shop"
    if there:
        root.mkdir()
        (root / "recipe.toml").write_text("mine", "utf-8")

    def full(*_: Any) -> None:
        raise StoreError("the disk is full")

    monkeypatch.setattr(module.Store, "create", full)
    with pytest.raises(StoreError, match=r"full"):
        Project.init(root, quick_recipe(tmp_path))
    assert root.exists() is there
    assert [(f.name, f.read_text()) for f in root.glob("*")] == [("recipe.toml", "mine")] * there


def test_a_project_is_not_made_twice(new: Project) -> None:
    with pytest.raises(StoreError, match=r"already is a project"):
        Project.init(new.store.root, "scent")
    assert new.recipe.synth.users == 60


def test_the_recipe_keeps_its_name_and_may_be_edited(new: Project) -> None:
    assert new.recipe.name == new.store.recipe()["name"] == "light"
    edit(new.store.root / "recipe.toml", {"repeat = false": "repeat = true"})
    with Project.open(new.store.root) as again:
        assert again.recipe.rules.repeat
        liked = again.recommend(taste=WOODY, n=1).items
        assert again.recommend(taste=WOODY, ratings={liked[0]: 5}, n=1).items == liked


def test_a_recipe_that_was_edited_wrongly_stops_learning_not_serving(taught: Project) -> None:
    edit(taught.store.root / "recipe.toml", {r"\[judge\]": "[judge]\nmin_lft = 1.0"})
    with Project.open(taught.store.root) as again:
        with pytest.raises(RecipeError, match=r"recipe.toml.*'min_lft'.*did you mean 'min_lift'"):
            again.pretrain()
        assert again.recommend(taste=WOODY, n=2).level == "active"


def test_a_family_added_to_the_recipe_waits_for_the_next_pretrain(taught: Project) -> None:
    before = taught.recommend(taste=WOODY, n=5)
    edit(taught.store.root / "recipe.toml", {r"\[tastes.families\]": '[tastes.families]\nsmoky = ["smoke", "tar"]'})
    with Project.open(taught.store.root) as again:
        assert "smoky" in again.check().families
        after = again.recommend(taste=WOODY, n=5)
        assert (after.items, after.level) == (before.items, "active")
        with pytest.raises(QueryError, match=r"'smoky' is no taste"):
            again.recommend(taste={"smoky": 0.9})
        again.pretrain()
        assert again.recommend(taste={"smoky": 0.9}, n=3).level == "active"


def test_activate_and_rollback(taught: Project) -> None:
    assert taught.recommend(taste=WOODY).version == "2"
    assert taught.activate(1, "why not").state == "active"
    assert taught.recommend(taste=WOODY).version == "1"
    assert taught.rollback().id == 2
    assert taught.recommend(taste=WOODY).version == "2"
    with taught.store.read() as conn:
        assert [a["reason"] for a in list_activations(conn)][-2:] == ["why not", "by hand"]
    with pytest.raises(QueryError, match=r"No version has the number 9. There are 0 to 2"):
        taught.activate(9)


def ways(project: Project) -> dict[str, Callable[[], Slate]]:
    item = project.catalog().items.ids[0]
    return {
        "tastes": lambda: project.recommend(taste=WOODY, n=ITEMS),
        "likes": lambda: project.recommend(likes=[item], n=ITEMS),
        "nothing": lambda: project.recommend(n=ITEMS),
        "similar": lambda: project.answers.similar([item], n=ITEMS),
        "asked for": lambda: project.recommend(taste=WOODY, candidates=[item, project.catalog().items.ids[5]]),
    }


@pytest.mark.parametrize("way", ["tastes", "likes", "nothing", "similar", "asked for"])
def test_a_delisted_item_vanishes_from_every_answer(taught: Project, way: str) -> None:
    gone = taught.catalog().items.ids[5]
    ask = ways(taught)[way]
    assert gone in ask().items
    assert taught.set_available(taught.catalog().titles[5], False) == gone
    assert gone not in ask().items
    taught.set_available(gone, True)
    assert gone in ask().items


def test_what_a_file_does_not_hold_is_delisted_at_once(taught: Project, tmp_path: Path) -> None:
    taught.recommend(taste=WOODY)
    lines = (tmp_path / "catalog.csv").read_text("utf-8").splitlines(keepends=True)
    (tmp_path / "fewer.csv").write_text("".join(lines[:41]), "utf-8")
    done = taught.import_catalog(tmp_path / "fewer.csv", delist_missing=True)
    assert (done.added, done.changed) == (0, ITEMS - 40)
    assert len(taught.recommend(taste=WOODY, n=ITEMS).items) == 40
    assert taught.check().n_available == 40


def test_who_is_forgotten_is_a_stranger_again(taught: Project, tmp_path: Path) -> None:
    rows = real_rankings(taught, users=3)
    taught.import_(write_rankings(tmp_path / "r.csv", rows))
    stranger = taught.recommend(taste=WOODY, n=20)
    mine = [item for user, item, _ in rows if user == "ann 1"]
    assert not set(mine) & set(taught.recommend(user="ann 1", n=ITEMS).items)
    assert taught.forget("ann 1").events == 10
    again = taught.recommend(user="ann 1", taste=WOODY, n=20)
    assert again.level_reason == "nothing is known of a user 'ann 1'"
    assert replace(again, level_reason="") == stranger
    assert len(taught.dataset(synthetic=False)) == 20
    with pytest.raises(QueryError, match=r"No user has the id 'ann 1'; did you mean 'ann"):
        taught.forget("ann 1")


def test_a_project_without_items_says_so(tmp_path: Path) -> None:
    with Project.init(tmp_path / "shop", "scent") as project:
        for act in (lambda: project.recommend(n=3), lambda: project.answers):
            with pytest.raises(StoreError, match=r"has no items yet. Run: tastemaker import --catalog FILE"):
                act()
        with pytest.raises(DataError, match=r"0 items; learning .* needs two"):
            project.pretrain()
        with pytest.raises(DataError, match=r"no catalog yet. Run: tastemaker import --catalog FILE"):
            project.import_(write_rankings(tmp_path / "r.csv", [("a", "b", 1)]))
        assert project.check().n_items == 0
        assert project.versions() == []


def test_a_project_is_found_from_below(new: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    below = new.store.root / "deep" / "down"
    below.mkdir(parents=True)
    monkeypatch.chdir(below)
    with Project.open() as found:
        assert found.store.root.resolve() == new.store.root.resolve()


def test_invented_users_replace_those_before_and_never_mix_unmarked(new: Project, tmp_path: Path) -> None:
    made = new.synthesize(users=50, rankings=6, seed=3)
    assert (len(made.dataset.users), len(made.dataset)) == (50, 300)
    assert sum(made.archetypes.values()) == 50
    assert sum(made.families.values()) == 300
    assert set(made.archetypes.values()) == {10}
    new.import_(write_rankings(tmp_path / "r.csv", real_rankings(new, users=2)))
    new.synthesize(users=20, rankings=5, seed=4)
    assert len(new.dataset(synthetic=True)) == 100
    assert len(new.dataset(synthetic=False)) == 20
    assert new.dataset(synthetic=True).events.synthetic.all()
    again = new.synthesize(users=20, rankings=5, seed=4)
    assert (again.dataset.events.item == new.dataset(synthetic=True).events.item).all()
