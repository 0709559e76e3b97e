"""A catalog with stars and tags that real people gave: 9,742 items, 100,836 ratings, 3,683 tags."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tastemaker.errors import QueryError
from tastemaker.lifecycle import Project

FOLDER = Path(__file__).parents[3] / "shared" / "data" / "movielens-small"
BUILT = "movies"

pytestmark = [
    pytest.mark.data,
    pytest.mark.skipif(not FOLDER.exists(), reason="the data set is not here; it is not ours to ship"),
]


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    with Project.init(tmp_path_factory.mktemp("real") / "shop", BUILT, FOLDER / "movies.csv") as made:
        made.import_tags(FOLDER / "tags.csv")
        yield made


def test_every_row_of_it_is_accounted_for(project: Project) -> None:
    found = project.check()
    assert found.n_items == 9742
    assert {i.what: (i.rows, i.loaded, i.merged, i.refused) for i in found.imports} == {
        "catalog": (9742, 9742, 0, 0),
        "tags": (3683, 3683, 0, 0),
    }
    assert found.gaps == {"genres": 34, "tags": 9742 - 1572, "era": 12, "year": 12, "tagged": 0}
    assert found.coverage.known_tags / found.coverage.tags > 0.99
    assert "(no genres listed)" not in found.coverage.unknown


def test_every_rating_comes_in(project: Project) -> None:
    done = project.import_(FOLDER / "ratings.csv")
    assert (done.what, done.added, done.refused) == ("rating", 100_836, ())


def test_a_title_is_found_as_people_write_it_and_five_that_repeat_ask_for_an_id(project: Project) -> None:
    catalog = project.catalog()
    assert catalog.titles[catalog.find("the matrix (1999)")] == "Matrix, The (1999)"
    with pytest.raises(QueryError, match=r"did you mean 'Matrix, The \(1999\)'"):
        catalog.find("The Matrix")
    with pytest.raises(QueryError, match=r"'838' \(1990s, Comedy, Drama, Romance.*'26958' \(1990s, Romance"):
        project.recommend(likes=["Emma (1996)"])


def test_it_answers_before_any_training(project: Project) -> None:
    slate = project.recommend(likes=["Toy Story (1995)"], n=5)
    genres = [set(project.catalog().tags["genres"][project.catalog().find(item)]) for item in slate.items]
    assert all({"Animation", "Children"} <= mine for mine in genres)


@pytest.mark.slow
def test_invented_viewers_teach_it(project: Project) -> None:
    done = project.pretrain()
    learned = next(c for c in done.candidates if c.name == "bpr")
    shares = {report.case: report.metrics["spearman"].share.mean for report in learned.reports}
    assert shares["stated"] > 0.9
    assert min(shares.values()) > 0.5, shares
