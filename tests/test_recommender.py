"""The path from a model to an answer, judged and served alike."""

from dataclasses import dataclass, replace

import numpy as np
import pytest

from tastemaker.data.arrays import Float32
from tastemaker.data.query import Query
from tastemaker.errors import QueryError
from tastemaker.recommender import Level, Recommender, single
from tastemaker.scorers import Contributions, Embeddings, Mapping, Popularity
from tastemaker.testing import World
from tastemaker.testing.worlds import N_ITEMS, NAMES, SILENT

WOODY = Query(profile={"woody": 0.9, "fresh": 0.2})
IDS = tuple(f"item {i}" for i in range(N_ITEMS))


@dataclass(frozen=True)
class Broken(Popularity):
    def score_all(self, batch):
        raise ValueError("out of order")


@dataclass(frozen=True)
class Dumb(Popularity):
    def contributions(self, batch, items) -> list[Contributions]:
        raise ValueError("no words")


def rising() -> Float32:
    return np.arange(N_ITEMS, dtype=np.float32)


def popular(values: Float32 | None = None, kind: type[Popularity] = Popularity, name: str = "popular") -> Level:
    return Level(name, name, kind(rising() if values is None else values))


@pytest.fixture
def tastes(world: World) -> Recommender:
    """Tastes by the mapping, then popularity."""
    mapping = Level("active", "3", Mapping(world.features.block("tastes")))
    return Recommender(world.data.catalog, NAMES, (mapping, popular()))


def one(recommender: Recommender, query: Query):
    return recommender.recommend([query])[0]


def test_what_is_served_is_what_is_judged(tastes: Recommender, rng: np.random.Generator) -> None:
    queries = [WOODY, Query(profile={"odd": 1.0}), Query(), Query(likes=("item 3",), profile={"sweet": 0.5})]
    lists = np.stack([rng.choice(N_ITEMS, 12, replace=False) for _ in queries]).astype(np.int32)
    asked = [
        replace(query, candidates=tuple(IDS[row] for row in rows), n=12)
        for query, rows in zip(queries, lists, strict=True)
    ]
    scores = tastes.score(queries, lists)
    for slate, rows, mine, query in zip(tastes.recommend(asked), lists, scores, queries, strict=True):
        order = sorted(range(12), key=lambda k: (-mine[k], rows[k]))
        wanted = [k for k in order if IDS[rows[k]] not in query.likes]
        assert slate.items == tuple(IDS[rows[k]] for k in wanted)
        np.testing.assert_allclose(slate.scores, mine[wanted], rtol=1e-6)


def test_a_query_is_answered_alone_as_in_a_batch(tastes: Recommender) -> None:
    queries = [WOODY, Query(n=3), Query(ratings={"item 4": -1.0}), replace(WOODY, filters={"brand": "b"})]
    assert tastes.recommend(queries) == [one(tastes, query) for query in queries]
    assert tastes.recommend([]) == []


def test_every_part_of_a_score_is_told(tastes: Recommender) -> None:
    slate = one(tastes, WOODY)
    for score, reasons in zip(slate.scores, slate.reasons, strict=True):
        assert sum(reason.weight for reason in reasons) == pytest.approx(score, rel=1e-5)
        assert reasons[-1].part == "base"
        weights = [abs(reason.weight) for reason in reasons[:-1]]
        assert weights == sorted(weights, reverse=True)
        assert {reason.part for reason in reasons} == {"taste:woody", "taste:fresh", "base"}
    assert tastes.recommend([WOODY], explain=False)[0].reasons == ((),) * 10


def test_what_the_user_knows_is_not_recommended_unless_the_rules_say_so(tastes: Recommender) -> None:
    best = one(tastes, WOODY).items
    known = replace(WOODY, likes=(best[0],), ratings={best[1]: -1.0, best[2]: 0.0}, exclude=(best[3],))
    assert one(tastes, known).items == (*best[4:10], *one(tastes, replace(WOODY, n=14)).items[10:])
    again = one(replace(tastes, repeat=True), known).items
    assert again[:2] == best[1:3]  # what was rated may come again
    assert not {best[0], best[3]} & set(again)  # what the query likes, and what it excludes, never


def test_candidates_filters_and_what_is_delisted(tastes: Recommender) -> None:
    chosen = replace(WOODY, candidates=("item 9", "item 5", "nobody knows"))
    assert set(one(tastes, chosen).items) == {"item 5", "item 9"}
    catalog = tastes.catalog
    of_brand = one(tastes, replace(WOODY, filters={"brand": " B "}, n=N_ITEMS)).items
    assert {catalog.categories["brand"][r] for r in catalog.items.rows(of_brand)} == {"B"}
    tagged = one(tastes, replace(WOODY, filters={"notes": "Odd"}, n=N_ITEMS)).items
    assert {id_ for id_, tags in zip(IDS, catalog.tags["notes"], strict=True) if "odd" in tags} == set(tagged)
    both = one(tastes, replace(WOODY, filters={"brand": "A", "notes": "woody"}, n=N_ITEMS)).items
    assert set(both) < set(IDS)
    with pytest.raises(QueryError, match="No item has the brand 'nobody'"):
        one(tastes, replace(WOODY, filters={"brand": "nobody"}))
    nothing = one(tastes, replace(WOODY, candidates=("nobody",)))
    assert (nothing.items, nothing.level) == ((), "nothing")
    gone = replace(catalog, available=np.arange(N_ITEMS) > 3)
    left = one(replace(tastes, catalog=gone), replace(WOODY, n=N_ITEMS)).items
    assert set(left) == set(IDS[4:])


def test_more_than_there_is(tastes: Recommender) -> None:
    slate = one(tastes, replace(WOODY, n=500))
    assert sorted(slate.items) == sorted(IDS)
    assert slate.level_reason == f"active knows only {N_ITEMS} fitting items"
    assert one(tastes, replace(WOODY, n=0)).items == ()


@pytest.mark.parametrize(
    ("query", "says"),
    [
        (Query(profile={"wody": 1.0}), r"'wody' is no taste of this project; did you mean 'woody'\? It has: woody, "),
        (Query(profile={"woody": 1.1}), r"The taste woody is 1.1; give a number from 0"),
        (Query(profile={"woody": float("nan")}), r"The taste woody is nan; give"),
        (Query(filters={"brnd": "A"}), r"filtered by 'brnd'; did you mean 'brand'\? Filters: brand, notes\."),
    ],
)
def test_a_question_that_makes_no_sense(tastes: Recommender, query: Query, says: str) -> None:
    with pytest.raises(QueryError, match=says):
        tastes.recommend([WOODY, query])


def test_unknown_ids_and_users_are_strangers(tastes: Recommender) -> None:
    odd = replace(WOODY, likes=("nobody",), ratings={"nothing": 1.0}, user="a stranger", exclude=("gone",))
    assert one(tastes, odd).items == one(tastes, WOODY).items


def test_who_says_nothing_gets_the_next_level(tastes: Recommender) -> None:
    slate = one(tastes, Query(n=3))
    assert slate.items == ("item 39", "item 38", "item 37")
    assert (slate.level, slate.version) == ("popular", "popular")
    assert slate.level_reason == "active has nothing to go by here"
    assert slate.propensities == (1.0,) * 3


def test_a_level_that_knows_little_is_filled_up(world: World) -> None:
    few = np.full(N_ITEMS, np.nan, np.float32)
    few[[7, 3]] = (2.0, 1.0)
    chain = (popular(few, name="active"), popular())
    slate = one(Recommender(world.data.catalog, NAMES, chain), Query(n=4))
    assert slate.items == ("item 7", "item 3", "item 39", "item 38")
    assert slate.sources == ("active", "active", "popular", "popular")
    assert (slate.level, slate.level_reason) == ("active", "active knows only 2 fitting items")


def test_a_level_that_raises_hands_on_and_is_reported(world: World) -> None:
    failures: list[str] = []
    chain = (popular(kind=Broken, name="active"), popular())
    recommender = Recommender(world.data.catalog, NAMES, chain, on_failure=failures.append)
    slate = one(recommender, Query(n=2))
    assert (slate.items, slate.level) == (("item 39", "item 38"), "popular")
    assert slate.level_reason == "active failed: ValueError"
    assert failures == ["active (version active): ValueError('out of order')"]


def test_a_level_that_cannot_explain_still_answers(world: World) -> None:
    failures: list[str] = []
    recommender = Recommender(world.data.catalog, NAMES, (popular(kind=Dumb),), on_failure=failures.append)
    slate = one(recommender, Query(n=2))
    assert (slate.items, slate.reasons) == (("item 39", "item 38"), ((), ()))
    assert slate.level_reason == "popular cannot explain: ValueError"
    assert len(failures) == 1


@pytest.mark.parametrize("value", [np.nan, -np.inf])
def test_a_model_gone_wrong_says_nothing(world: World, value: float) -> None:
    chain = (popular(np.full(N_ITEMS, value, np.float32), name="active"), popular())
    slate = one(Recommender(world.data.catalog, NAMES, chain), Query(n=3))
    assert (slate.level, slate.level_reason) == ("popular", "active has nothing to go by here")


def test_when_nobody_can_answer(world: World) -> None:
    chain = (popular(kind=Broken, name="active"), popular(kind=Broken))
    slate = one(Recommender(world.data.catalog, NAMES, chain), Query())
    assert (slate.items, slate.level, slate.version) == ((), "nothing", "")
    assert slate.level_reason == "active failed: ValueError; popular failed: ValueError"


def test_why_a_level_is_missing_is_part_of_every_answer(tastes: Recommender) -> None:
    damaged = replace(tastes, problem="version 4: altered")
    assert one(damaged, WOODY).level_reason == "version 4: altered"
    assert one(damaged, Query()).level_reason == "version 4: altered; active has nothing to go by here"


def test_scores_come_from_the_first_level_that_can_say(world: World) -> None:
    near = Level("content", "1", Embeddings(world.features.block("text"), "text"))
    recommender = Recommender(world.data.catalog, NAMES, (near, popular()))
    items = np.array([[1, 2, -1], [1, 2, SILENT]], np.int32)
    found = recommender.score([Query(), Query(likes=("item 3",))], items)
    np.testing.assert_array_equal(found[0], [1, 2, np.nan])
    assert np.isnan(found[1, 2])
    assert np.isfinite(found[1, :2]).all()


def test_context_becomes_columns(tastes: Recommender) -> None:
    batch = tastes.encode([Query(context={"mood": {"joy": 0.9}}), Query(context={"mood": {"calm": 0.1}}), Query(now=5)])
    nan = np.nan
    np.testing.assert_array_equal(batch.context["mood:joy"], np.float32([0.9, nan, nan]))
    np.testing.assert_array_equal(batch.context["mood:calm"], np.float32([nan, 0.1, nan]))
    assert batch.now.tolist() == [0, 0, 5]


def test_a_single_model_is_a_chain_of_one(world: World) -> None:
    model = single(world.data.catalog, NAMES, Popularity(rising()))
    assert [(level.name, level.version) for level in model.levels] == [("model", "unsaved")]
    assert not model.repeat


def test_when_something_was_rated_comes_with_it(tastes: Recommender) -> None:
    """Of one query that says it for one of two ratings, and of one that does not."""
    told = Query(ratings={"item 3": 0.5, "item 1": -0.5}, when={"item 3": 1_700_000_000_123, "item 9": 5})
    batch = tastes.encode([told, Query(ratings={"item 2": 1.0}), Query()])
    assert batch.moments().tolist() == [0, 1_700_000_000_123, 0]
    assert batch.take(slice(1, 2)).moments().tolist() == [0]
    assert tastes.encode([Query(ratings={"item 2": 1.0})]).when is None


def test_likes_have_no_times_and_ratings_keep_theirs_beside_them(tastes: Recommender) -> None:
    asked = Query(likes=("item 1", "item 5"), ratings={"item 5": 0.2, "item 0": 0.1}, when={"item 5": 7, "item 0": 9})
    batch = tastes.encode([asked])
    assert batch.evidence().indices.tolist() == [0, 1, 5]
    assert batch.moments().tolist() == [9, 0, 7]


def test_who_only_states_tastes_is_answered_by_a_level_that_hears_them(world: World) -> None:
    deaf, hears = popular(name="active"), Level("content", "0", Mapping(world.features.block("tastes")))
    both = Recommender(world.data.catalog, NAMES, (deaf, hears, popular()))
    (slate,) = both.recommend([WOODY])
    assert slate.level == "content"
    assert "active (version active) does not hear stated tastes" in slate.level_reason
    (known,) = both.recommend([replace(WOODY, likes=(IDS[3],))])
    assert known.level == "active"
    assert "does not hear stated tastes" in known.level_reason
    (alone,) = Recommender(world.data.catalog, NAMES, (deaf,)).recommend([WOODY])
    assert (alone.level, len(alone.items)) == ("active", 10)
    assert both.recommend([Query()])[0].level_reason == ""
