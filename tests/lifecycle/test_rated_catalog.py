"""The recipe whose items have years, other people's tags and stars: from its own sample, small, to an answer."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from tastemaker.data.features import TASTES
from tastemaker.errors import DataError
from tastemaker.lifecycle import Project
from tastemaker.lifecycle.sample import sample_file
from tastemaker.lifecycle.teach import Taught
from tastemaker.recipe import find_recipe

from ..shops import edit

BUILT = "movies"
SMALL = {
    r"users = 1000": "users = 80",
    r"dim = 128": "dim = 16",
    r"items = \d+": "items = 120",
    r"\[models.bpr\]": "[models.bpr]\nepochs = 10",
    r"\[sample\]": "[judge]\nusers = 40\n\n[sample]",
}


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    recipe = tmp_path / "small.toml"
    recipe.write_bytes(find_recipe(BUILT).read_bytes())
    edit(recipe, SMALL)
    catalog = sample_file(str(recipe), tmp_path / "catalog.csv", 0)
    with Project.init(tmp_path / "shop", recipe, catalog) as made:
        yield made


def tag_file(folder: Path, *rows: tuple[str, str, str]) -> Path:
    lines = [f'{user},"{item}",{tag},1' for user, item, tag in rows]
    (folder / "tags.csv").write_text("\n".join(["userId,movieId,tag,timestamp", *lines, ""]), "utf-8")
    return folder / "tags.csv"


def test_years_are_read_off_the_titles_and_eras_are_tastes(project: Project) -> None:
    catalog, tastes = project.catalog(), project.recipe.tastes
    assert catalog.numbers["year"].tolist() == [float(title[-5:-1]) for title in catalog.titles]
    row = next(i for i, era in enumerate(catalog.categories["era"]) if era == "1990s")
    assert tastes.encode(catalog)[row, tastes.names.index("nineties")] > 0
    assert catalog.find(" ".join(reversed(catalog.titles[row].split()))) == row


def test_people_tag_items_and_a_catalog_that_comes_again_takes_nothing_away(project: Project, tmp_path: Path) -> None:
    title = project.catalog().titles[3]
    file = tag_file(tmp_path, ("1", "2", "slow"), ("1", "2", "sad"), ("2", "2", "Slow"), ("2", title, "horror"))
    done = project.import_tags(file)
    assert (done.what, done.record.rows, done.record.loaded, done.record.refused) == ("tags", 4, 4, 0)
    assert done.changed == 2  # that nobody tagged the others is known now, but is no change
    tagged = project.catalog()
    assert tagged.tags["tags"][1] == ("slow", "sad")
    assert tagged.numbers["tagged"][[0, 1, 3]].tolist() == [0, 2, 1]
    horror = project.recipe.tastes.names.index("horror")
    assert project.recipe.tastes.encode(tagged)[3, horror] > 0
    assert project.import_tags(file).changed == 0
    project.import_catalog(tmp_path / "catalog.csv")
    assert project.catalog().tags["tags"] == tagged.tags["tags"]
    np.testing.assert_array_equal(project.catalog().numbers["tagged"], tagged.numbers["tagged"])


def test_a_tag_of_an_unknown_item_changes_nothing_unless_bad_rows_are_skipped(project: Project, tmp_path: Path) -> None:
    file = tag_file(tmp_path, ("1", "2", "slow"), ("1", "no such item", "slow"))
    with pytest.raises(DataError, match=r"tags.csv, line 3: No item is called 'no such item'.*Nothing was imported"):
        project.import_tags(file)
    assert project.catalog().tags["tags"][1] == ()
    done = project.import_tags(file, skip_bad_rows=True)
    assert (done.changed > 0, [bad.line for bad in done.refused]) == (True, [3])
    assert project.catalog().tags["tags"][1] == ("slow",)


def test_invented_viewers_teach_it_and_what_many_tagged_comes_first(project: Project, tmp_path: Path) -> None:
    catalog = project.catalog()
    known = catalog.items.ids[:12]
    project.import_tags(tag_file(tmp_path, *((str(user), item, "seen") for user in range(9) for item in known)))
    done = project.pretrain()
    assert {candidate.name for candidate in done.candidates} >= {"content", "bpr"}
    assert done.active.metrics["quality"]["share"] > 0.3
    slate = project.recommend(n=12)
    assert slate.level == "active"
    assert len(set(slate.items) & set(known)) > 6
    asked = project.recommend(taste={"horror": 1.0}, n=5)
    membership = project.recipe.tastes.encode(catalog)[:, project.recipe.tastes.names.index("horror")]
    assert membership[catalog.items.rows(asked.items)].mean() > 2 * membership.mean()
    pulls = project.recipe.synth.pulls(project_features(project))
    assert pulls is not None
    assert pulls[:12].min() > pulls[12:].max()


def project_features(project: Project):
    from tastemaker.lifecycle.synthesize import features_of

    found = features_of(project.recipe, project.catalog())
    assert TASTES in found.blocks
    return found


def test_who_learned_from_stars_hears_what_is_stated_too(project: Project, tmp_path: Path) -> None:
    ids, rng, rows = project.catalog().items.ids, np.random.default_rng(3), ["userId,movieId,rating,timestamp"]
    for user in range(40):
        for k, item in enumerate(rng.permutation(60)[:20].tolist()):
            rows.append(f"{user},{ids[item]},{1 + (item + user) % 5},{1_700_000_000 + 1000 * k + user}")
    (tmp_path / "ratings.csv").write_text("\n".join([*rows, ""]), "utf-8")
    project.import_(tmp_path / "ratings.csv")
    done = project.train(models=["biases"])
    assert isinstance(done, Taught)
    project.activate(done.versions[0].id)
    tastes = project.recipe.tastes
    comedies = {ids[row] for row in np.flatnonzero(tastes.encode(project.catalog())[:, tastes.names.index("comedy")])}
    plain = project.recommend(n=10)
    for likes in ([], [ids[1], ids[2]]):
        slate = project.recommend(likes=likes, taste={"comedy": 1.0}, n=10)
        assert (slate.level, slate.version, slate.level_reason) == ("active", str(done.versions[0].id), "")
        assert len(comedies & set(slate.items)) > len(comedies & set(plain.items))
        for reasons, score in zip(slate.reasons, slate.scores, strict=True):
            assert sum(reason.weight for reason in reasons) == pytest.approx(score, abs=1e-4)
            assert "taste:comedy" in {reason.part for reason in reasons}
    edit(project.store.root / "recipe.toml", {r"whole = true": "whole = true\nasked = 0"})
    with Project.open(project.store.root) as deaf:
        again = deaf.train(models=["biases"])
        assert isinstance(again, Taught)
        deaf.activate(again.versions[0].id)
        assert "does not hear" in deaf.recommend(taste={"comedy": 1.0}).level_reason
