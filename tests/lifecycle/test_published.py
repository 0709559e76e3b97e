"""Public data sets in a project: whole or not at all, never twice; and projects that begin with one."""

from pathlib import Path

import numpy as np
import pytest

from tastemaker.data.holdout import has_time
from tastemaker.errors import DataError, LeakError, StoreError
from tastemaker.lifecycle import Project
from tastemaker.lifecycle.compare import Asked, compare_published
from tastemaker.watch import Watch

from ..published import ITEMS, RATINGS, TEST, write_lightgcn, write_movielens
from ..shops import ITEMS as SHOP
from ..shops import edit

REAL = Path(__file__).parents[3] / "shared" / "data"


def pairs(data):
    users, items = data.users.ids, data.catalog.items.ids
    return {(users[u], items[i]) for u, i in zip(data.events.user, data.events.item, strict=True)}


def half_stars(project: Project) -> None:
    """Let the recipe's ratings run as MovieLens' do."""
    file = project.store.root / "recipe.toml"
    edit(file, {r"rating = .*": 'rating = { column = "rating", worst = 0.5, best = 5 }'})


def test_plain_pairs_add_the_items_that_the_catalog_lacks(new: Project, tmp_path):
    known = new.catalog()
    folder = write_lightgcn(tmp_path / "toy")
    done = new.import_published(str(folder), "lightgcn")
    assert done.items == 10
    assert [(f.record.source, f.what, f.added, f.again) for f in done.files] == [
        ("toy/train.txt", "like", 20, False),
        ("toy/test.txt", "like", 9, False),
    ]
    catalog, data = new.catalog(), new.dataset(synthetic=False)
    assert catalog.items.ids == (*known.items.ids, *map(str, range(10)))
    assert catalog.titles[SHOP:] == catalog.items.ids[SHOP:]
    assert (len(data), data.users.ids) == (29, ("0", "1", "3", "4", "7"))
    assert ("4", "0") in pairs(data)
    assert not has_time(data).any()
    assert len(new.recommend(likes=["3"], n=3).items) == 3
    assert new.recommend(taste={"woody": 0.9}).level == "active"


def test_the_same_folder_twice_adds_nothing(new: Project, tmp_path):
    folder = write_lightgcn(tmp_path / "toy")
    new.import_published(str(folder), "lightgcn")
    again = new.import_published(str(folder), "lightgcn")
    assert again.items == 0
    assert [(f.added, f.again) for f in again.files] == [(0, True), (0, True)]
    write_lightgcn(folder, test={**TEST, 3: [2, 6]})
    more = new.import_published(str(folder), "lightgcn")
    assert [(f.added, f.again) for f in more.files] == [(0, True), (1, False)]
    assert len(new.dataset(synthetic=False)) == 30


def test_a_table_of_the_same_pairs_adds_nothing_either(new: Project, tmp_path):
    new.import_published(str(write_lightgcn(tmp_path / "toy")), "lightgcn")
    (tmp_path / "log.dump").write_text("user,item\n0,1\n0,2\n1,4\n")
    assert new.import_(tmp_path / "log.dump", format="csv").added == 1


def test_a_bad_line_changes_nothing_unless_it_is_skipped(new: Project, tmp_path):
    folder = write_lightgcn(tmp_path / "toy")
    with (folder / "test.txt").open("a") as end:
        end.write("4 x\n")
    with pytest.raises(DataError, match=r"toy/test.txt, line 6: 'x' is no whole number. .* Nothing was changed"):
        new.import_published(str(folder), "lightgcn")
    assert (len(new.catalog()), len(new.dataset()), len(new.imports())) == (SHOP, 0, 1)
    done = new.import_published(str(folder), "lightgcn", skip_bad_rows=True)
    assert [(f.record.rows, f.record.loaded, f.record.refused) for f in done.files] == [(20, 20, 0), (10, 9, 1)]
    assert new.check().refusals == {"toy/test.txt": [[6, "'x' is no whole number"]]}


def test_a_leak_is_found_when_models_are_compared(tmp_path):
    folder = write_lightgcn(tmp_path, test={**TEST, 4: [6]})
    with pytest.raises(LeakError, match="User '4' and item '6' stand in train and in test"):
        compare_published(str(folder), "lightgcn", Asked(("popular",)), Watch())


def test_ratings_keep_their_times_and_need_their_scale(new: Project, tmp_path):
    folder = str(write_movielens(tmp_path / "ml"))
    with pytest.raises(DataError, match=r"ml has ratings from 0.5 .* to 5 .*, and recipe.toml has ratings from 1 to 5"):
        new.import_published(folder, "movielens")
    assert (len(new.catalog()), len(new.dataset())) == (SHOP, 0)
    new.close()
    half_stars(new)
    with Project.open(new.store.root) as project:
        done = project.import_published(folder, "movielens")
        assert [(f.what, f.added) for f in done.files] == [("catalog", 4), ("rating", 6)]
        data = project.dataset(synthetic=False)
        assert data.events.time.tolist() == [time for *_, time in RATINGS]
        assert has_time(data).all()
        np.testing.assert_allclose(data.signed()[[0, 2]], [1, -7 / 9], rtol=1e-6)
        row = data.catalog.find("Étoile, The (1995)")
        assert (data.catalog.items.ids[row], data.catalog.tags["genres"][row]) == ("1", ("Comedy", "Drama"))
        assert [f.added for f in project.import_published(folder, "movielens").files] == [0, 0]


def test_what_the_project_says_of_an_item_stays(tmp_path):
    folder = write_movielens(tmp_path / "ml")
    with Project.init_published(tmp_path / "shop", str(folder), "movielens") as project:
        (tmp_path / "mine.csv").write_text("movieId,title,genres\n7,Its True Name,Drama\n")
        assert project.import_catalog(tmp_path / "mine.csv").changed == 1
        assert project.import_published(str(folder), "movielens").items == 0
        assert project.catalog().titles[2] == "Its True Name"


@pytest.mark.parametrize("edition", ["latest", "1m"])
def test_a_project_that_begins_with_ratings(tmp_path, edition):
    folder = write_movielens(tmp_path / "ml", edition)
    with Project.init_published(tmp_path / "shop", str(folder), "movielens") as project:
        assert project.catalog().items.ids == tuple(id_ for id_, *_ in ITEMS)
        assert project.recipe.scales["rating"].worst == (0.5 if edition == "latest" else 1.0)
        assert {(i.what, i.loaded) for i in project.imports()} == {("catalog", 4), ("rating", 6)}
        assert len(project.dataset(synthetic=False)) == 6
        assert project.versions()[0].state == "active"
        assert project.import_published(str(folder), "movielens").files[1].added == 0
        if edition == "latest":  # the recipe knows the columns of the very file
            assert project.import_(folder / "ratings.csv").added == 0


def test_a_project_that_begins_with_plain_pairs(tmp_path):
    folder = write_lightgcn(tmp_path / "toy")
    with Project.init_published(tmp_path / "shop", str(folder), "lightgcn") as project:
        assert (len(project.catalog()), len(project.dataset(synthetic=False))) == (10, 29)
        assert project.recommend(user="4", n=3).level == "newest"
        assert project.compare(("popular", "graph"), k=2).models


def test_a_project_that_begins_with_a_table_of_events(tmp_path):
    lines = [f"ann,{item},{item % 5}.1,{1000 + item},morning" for item in range(10)]
    file = tmp_path / "log.csv"
    file.write_text("\n".join(["user_id,item_id,stars,timestamp,group", *lines, ""]))
    with Project.init_published(tmp_path / "shop", str(file)) as project:
        events = project.recipe.events
        assert (events.user, events.item, events.time) == ("user id", "item id", "timestamp")
        assert (project.recipe.scales["rating"].worst, project.recipe.scales["rating"].best) == (0.1, 4.1)
        assert len(project.dataset()) == 10
        assert project.import_(file).added == 0


def test_nothing_is_made_of_data_that_cannot_be_read(tmp_path):
    folder = write_lightgcn(tmp_path / "toy")
    (folder / "test.txt").unlink()
    with pytest.raises(DataError, match=r"toy has no test.txt"):
        Project.init_published(tmp_path / "shop", str(folder), "lightgcn")
    assert not (tmp_path / "shop").exists()
    write_lightgcn(folder)
    Project.init_published(tmp_path / "shop", str(folder), "lightgcn").close()
    with pytest.raises(StoreError, match="already is a project"):
        Project.init_published(tmp_path / "shop", str(folder), "lightgcn")


@pytest.mark.data
@pytest.mark.slow
@pytest.mark.skipif(not REAL.is_dir(), reason="the data sets are not here; they are not ours to ship")
def test_a_million_real_pairs_are_imported_once(tmp_path):
    source = str(REAL / "gowalla")
    with Project.init_published(tmp_path / "shop", source, "lightgcn") as project:
        assert len(project.dataset(synthetic=False)) == 1_027_370
        assert [f.added for f in project.import_published(source, "lightgcn").files] == [0, 0]
