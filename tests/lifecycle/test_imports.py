"""Files of real users: imported whole or not at all, and never twice."""

from pathlib import Path

import pytest

from tastemaker.errors import DataError
from tastemaker.lifecycle import Project

from ..shops import real_rankings, write_rankings


def test_the_same_file_twice_adds_nothing(new: Project, tmp_path: Path) -> None:
    file = write_rankings(tmp_path / "r.csv", real_rankings(new, users=4))
    first, second = new.import_(file), new.import_(file)
    assert (first.what, first.added, first.again) == ("ranking", 40, False)
    assert (second.added, second.again) == (0, True)
    assert len(new.dataset(synthetic=False)) == 40
    assert [(i.what, i.rows, i.loaded) for i in new.imports()] == [("catalog", 90, 90), ("ranking", 40, 40)]


def test_files_that_overlap_add_what_is_new(new: Project, tmp_path: Path) -> None:
    rows = real_rankings(new, users=4)
    assert new.import_(write_rankings(tmp_path / "first.csv", rows[:25])).added == 25
    assert new.import_(write_rankings(tmp_path / "second.csv", rows[15:])).added == 15
    assert len(new.dataset(synthetic=False)) == 40


def test_a_rating_that_was_edited_is_one_rating(new: Project, tmp_path: Path) -> None:
    item, other = new.catalog().items.ids[:2]
    for stars in (2, 5):
        rows = [("ann", item, stars), ("ann", other, 3)]
        new.import_(write_rankings(tmp_path / "r.csv", rows, "rating"))
    data = new.dataset(synthetic=False)
    assert data.matrix("last", data.signed()).toarray()[0, :2].tolist() == [1.0, 0.0]
    query = new.answers.query(user="ann")
    assert query.ratings == {item: 1.0, other: 0.0}


def test_titles_name_items_too(new: Project, tmp_path: Path) -> None:
    titles = new.catalog().titles[:3]
    new.import_(write_rankings(tmp_path / "r.csv", [("ann", t.upper(), 1 + r) for r, t in enumerate(titles)]))
    assert set(new.answers.query(user="ann").ratings) == set(new.catalog().items.ids[:3])


def test_a_bad_row_changes_nothing_unless_it_is_skipped(new: Project, tmp_path: Path) -> None:
    item, other = new.catalog().items.ids[:2]
    rows = [("ann", item, 1), ("ann", other, 11), ("ann", "Nobody knows this", 3), ("", item, 2)]
    file = write_rankings(tmp_path / "r.csv", rows)
    with pytest.raises(DataError, match=r"r.csv, line 3: rank 11 is outside 1–10.*--skip-bad-rows. Nothing was"):
        new.import_(file)
    assert len(new.dataset()) == 0
    assert len(new.imports()) == 1
    done = new.import_(file, skip_bad_rows=True)
    assert done.added == 1
    assert [bad.line for bad in done.refused] == [3, 4, 5]
    assert "No item is called 'Nobody knows this'" in done.refused[1].reason
    record = new.imports()[-1]
    assert record.rows == record.loaded + record.merged + record.refused == 4
    assert list(new.check().refusals) == ["r.csv"]


def test_what_a_user_did_moves_their_answers(taught: Project, tmp_path: Path) -> None:
    taught.import_(write_rankings(tmp_path / "r.csv", real_rankings(taught, users=1)))
    slate = taught.recommend(user="ann 0", n=5)
    assert (slate.level, slate.version) == ("active", "2")
    floral = taught.recipe.tastes.encode(taught.catalog())[:, taught.recipe.tastes.names.index("floral")]
    assert floral[taught.catalog().items.rows(slate.items)].mean() < floral.mean() / 2


def test_the_catalog_twice_changes_nothing(taught: Project, tmp_path: Path) -> None:
    before = taught.recommend(taste={"woody": 0.9})
    done = taught.import_catalog(tmp_path / "catalog.csv")
    assert (done.added, done.changed, done.again) == (0, 0, True)
    assert taught.recommend(taste={"woody": 0.9}) == before
    assert len(taught.versions()) == 3
