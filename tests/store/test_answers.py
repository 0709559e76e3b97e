"""Names that people use become a query, and versions become a chain of levels."""

from dataclasses import replace

import pytest

from tastemaker.errors import ArtifactError, QueryError
from tastemaker.lifecycle import Project
from tastemaker.store import active_version, get_meta, version
from tastemaker.store.answers import Answers
from tastemaker.store.loading import load_features, load_scorer, own_text, with_text

from ..shops import ITEMS, real_rankings, write_rankings

WOODY = {"woody": 0.9}


@pytest.fixture
def answers(taught: Project) -> Answers:
    return Answers.open(taught.store)


def test_the_chain_ends_with_what_always_answers(answers: Answers) -> None:
    levels = [(level.name, level.version) for level in answers.recommender.levels]
    assert levels == [("active", "2"), ("content", "0"), ("newest", "none")]
    assert answers.recommender.problem == ""


def test_another_version_may_be_asked(taught: Project) -> None:
    asked = Answers.open(taught.store, 1).recommend(taste=WOODY)
    assert (asked.level, asked.version) == ("asked", "1")
    assert Answers.open(taught.store, 2).recommend(taste=WOODY).level == "active"
    with pytest.raises(QueryError, match="No version has the number 7"):
        Answers.open(taught.store, 7)


def test_titles_stars_and_tastes(answers: Answers) -> None:
    titles, ids = answers.catalog.titles, answers.catalog.items.ids
    query = answers.query(
        likes=[titles[0].lower(), ids[0], ids[1]], ratings={titles[2]: 5, ids[3]: 3, ids[4]: 1}, taste=WOODY, n=7
    )
    assert query.likes == ids[:2]
    assert query.ratings == {ids[2]: 1.0, ids[3]: 0.0, ids[4]: -1.0}
    assert (query.profile, query.n, query.candidates) == (WOODY, 7, None)
    assert answers.query(candidates=[titles[5]]).candidates == (ids[5],)


def test_what_the_query_says_wins_over_what_is_known(taught: Project, tmp_path) -> None:
    rows = real_rankings(taught, users=1)
    taught.import_(write_rankings(tmp_path / "r.csv", rows))
    answers = Answers.open(taught.store)
    known = answers.query(user="ann 0")
    assert known.user == "ann 0"
    assert known.ratings == {item: pytest.approx(1 - 2 * (rank - 1) / 9) for _, item, rank in rows}
    worst = rows[-1][1]
    mine = answers.query(user="ann 0", ratings={worst: 5}, likes=[rows[0][1]])
    assert mine.ratings == {**known.ratings, worst: 1.0}
    assert mine.likes == (rows[0][1],)


def test_an_unknown_user_is_a_stranger(answers: Answers) -> None:
    stranger = answers.recommend(user="nobody", taste=WOODY)
    assert stranger.level_reason == "nothing is known of a user 'nobody'"
    assert replace(stranger, level_reason="") == answers.recommend(taste=WOODY)


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        ({"n": 0}, "n is 0; ask for at least one item"),
        ({"likes": ["Nothing of the kind"]}, "No item is called 'Nothing of the kind'"),
        ({"candidates": ["Nothing of the kind"]}, "No item is called"),
        ({"taste": {"wood": 0.5}}, "'wood' is no taste of this project; did you mean 'woody'"),
        ({"taste": {"woody": -0.1}}, "The taste woody is -0.1"),
        ({"filters": {"colour": "red"}}, "Nothing can be filtered by 'colour'"),
    ],
)
def test_a_name_that_nobody_knows(answers: Answers, asked: dict, says: str) -> None:
    with pytest.raises(QueryError, match=says):
        answers.recommend(**asked)


@pytest.mark.parametrize("stars", [0, 6, float("nan")])
def test_stars_outside_the_scale(answers: Answers, stars: float) -> None:
    with pytest.raises(QueryError, match=f"is {stars:g}; give a number from 1 to 5"):
        answers.query(ratings={answers.catalog.titles[0]: stars})


def test_what_is_similar_does_not_depend_on_who_asks(answers: Answers) -> None:
    id_ = answers.catalog.items.ids[3]
    slate = answers.similar([id_], n=5)
    assert (slate.level, slate.version) == ("content", "features")
    assert id_ not in slate.items
    assert list(slate.scores) == sorted(slate.scores, reverse=True)
    assert all(-1.001 <= score <= 1.001 for score in slate.scores)
    assert all(reasons[0].part == f"item:{id_}" for reasons in slate.reasons)


def test_a_version_that_knows_other_tastes_is_refused(taught: Project) -> None:
    with taught.store.read() as conn:
        active, features = active_version(conn), get_meta(conn, "features")
    assert active is not None
    tastes = taught.recipe.tastes.names
    catalog = taught.catalog()
    assert load_scorer(taught.store.artifacts, active, catalog, features, tastes).n_items == ITEMS
    with pytest.raises(ArtifactError, match=r"Version 2 knows other tastes than floral\. Run: tastemaker pretrain"):
        load_scorer(taught.store.artifacts, active, catalog, features, tastes[:1])


def test_the_vectors_that_a_version_learned_from(taught: Project) -> None:
    store = taught.store
    with store.read() as conn:
        first, active, digest = version(conn, 0), active_version(conn), get_meta(conn, "features")
    assert active is not None
    assert own_text(store.artifacts, first) is None
    features = load_features(store.artifacts, digest, taught.catalog())
    text = own_text(store.artifacts, active)
    assert text is not None
    assert (text == features.block("text")).all()
    padded = with_text(features, text[:80]).block("text")
    assert (padded[:80] == text[:80]).all()
    assert not padded[80:].any()
    with pytest.raises(ArtifactError, match=r"no features yet"):
        load_features(store.artifacts, None, taught.catalog())
