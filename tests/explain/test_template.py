"""Sentences say what moved a score, and what a person can check."""

from dataclasses import replace
from math import inf, nan

import numpy as np
import pytest

from tastemaker.data.query import Query, Reason, Slate
from tastemaker.explain import Foretold, Wording, evidence, sentence, sentences
from tastemaker.explain.alike import Likeness
from tastemaker.explain.evidence import Suits
from tastemaker.explain.facts import facts
from tastemaker.explain.template import common
from tastemaker.store.alike import DESCRIBED, beside, described

from .made import CATALOG, ENERGY, N, told
from .made import slate as slate_of

LIKED = Query(likes=("a: one", "item 2"))
SAD = Query(context={"emotion": {"sad": 0.82, "happy": 0.18}, "hour": {"sin": 0.2, "cos": -0.9}})


@pytest.mark.parametrize(
    ("parts", "query", "said"),
    [
        ({"item:a: one": 0.5, "base": 0.3}, LIKED, "Because you liked “Night Oud”: both have tar, LEATHER and oud."),
        ({"item:item 2": 0.5}, LIKED, "Because you liked “Rose”."),
        ({"item:a: one": -0.5}, LIKED, "The best that is left, though it is unlike “Night Oud”, which you liked."),
        ({"item:item 2": 0.5}, Query(ratings={"item 2": -1.0}), "It is unlike “Rose”, which you did not like."),
        ({"item:item 2": 0.5}, Query(ratings={"item 2": 0.0}), "“Rose” speaks for it."),
        ({"item:item 2": 0.5}, None, "It is close to “Rose”."),
        ({"item:item 2": -0.5}, None, "The best that is left, though it is unlike “Rose”."),
        ({"item:a: one": 0.5}, None, "It shares tar, LEATHER and oud with “Night Oud”."),
        ({"item:item 2": -0.5, "near:item 2": 0.75}, LIKED, "Because you liked “Rose”."),
        ({"item:item 2": 0.5, "with:item 2": 0.0}, LIKED, "Because you liked “Rose”: both have the same users."),
        ({"with:item 2": 0.5}, LIKED, "Because you liked “Rose”: both have the same users."),
        ({"item:item 2": 0.5, "with:item 2": -0.1}, LIKED, "Because you liked “Rose”."),
        ({"taste:woody": 0.6}, Query(profile={"woody": 0.9}), "You asked for woody."),
        ({"taste:sweet": 0.6}, Query(profile={"sweet": 0.1}), "Little sweet, as you asked."),
        ({"taste:deep_wood": 0.6, "taste:sweet": 0.5}, None, "It suits your taste for deep wood and sweet."),
        ({"context:emotion": 0.4}, SAD, "You sound sad (0.82)."),
        ({"context:hour": 0.4}, SAD, "It suits this hour."),
        ({"context:emotion.happy": 0.4}, SAD, "You sound happy (0.18)."),
        ({"context:place": 0.4}, SAD, "It suits where you are."),
        ({"context:history": -0.4}, SAD, "The best that is left, though what you chose before speaks against it."),
        ({"appeal": -0.4}, SAD, "The best that is left, though others of its kind are chosen more."),
        ({"appeal": 0.4}, SAD, "Others like it."),
        ({"category:Comedy": 0.4}, SAD, "Comedy is what fits now."),
        ({"history": 0.25}, LIKED, "It fits what you rated before."),
        ({"history": -0.25}, LIKED, "The best that is left, though what you rated before speaks against it."),
        ({"tastes": -0.25}, LIKED, "The best that is left, though your other tastes speak against it."),
        ({"charm": 0.1}, LIKED, "The charm speaks for it."),
        ({"base": 0.3}, Query(), "A good first pick while nothing is known of you."),
        ({"base": 0.3}, LIKED, "A good first pick, whatever else you like."),
        ({}, Query(), "A good first pick while nothing is known of you."),
        ({"taste:woody": 0.0}, Query(), "A good first pick while nothing is known of you."),
    ],
)  # fmt: skip
def test_a_reason_in_words(parts: dict[str, float], query: Query | None, said: str) -> None:
    assert sentence(told("item 1", parts, query)) == said


def test_a_kind_that_the_mapping_wants_is_named_with_the_label_that_wants_it() -> None:
    shown, wanted = slate_of("item 1", {"context:emotion": 0.4, "base": 0.1}), Suits("emotion", "happy", 0.18, "comedy")
    (found,) = evidence(shown, CATALOG, SAD, suits={"item 1": wanted})
    assert sentence(found) == "Comedy suits “happy” (0.18)."
    assert (found.counted[0].name, found.counted[0].suits, found.score) == ("happy", "comedy", 0.5)
    assert found.unexplained == 0.0
    known = facts(found, Wording())
    assert known is not None
    assert known.lines == ("You sound happy (0.18). What fits now: comedy.",)
    assert dict(zip(known.names, known.kinds, strict=True)) == {"comedy": "category", "happy": "context"}
    against = slate_of("item 1", {"context:emotion": -0.4, "context:hour": 0.5})
    (found,) = evidence(against, CATALOG, SAD, suits={"item 1": wanted})
    assert "comedy" not in sentence(found).lower()  # what speaks against it is not what it is wanted for


def test_what_is_strongest_comes_first_and_what_speaks_against_it_last() -> None:
    asked = replace(SAD, likes=("a: one",), profile={"woody": 0.9, "fresh": 0.8})
    parts = {"context:emotion": 1.0, "item:a: one": 0.9, "taste:woody": -0.8, "taste:fresh": 0.01}
    said = sentence(told("item 1", parts, asked))
    assert said.startswith("You sound sad (0.82). ")
    assert "“Night Oud”" in said
    assert said.endswith("But less woody than you asked for.")
    assert "fresh" not in said


def test_numbers_that_are_only_near_are_not_called_the_same() -> None:
    assert common(Likeness(near=("tempo",))) == "about the same tempo"
    assert common(Likeness(numbers=("year",), near=("tempo",))) == "the same year and about the same tempo"
    assert common(Likeness(same=("maker",), near=("tempo",), had="lists")) == (
        "the same maker, about the same tempo and the same lists"
    )
    years = np.array([1999, 1998, *range(1950, 1950 + N - 2)], np.float32)
    tempo = np.array([120, 3, 120, *range(200, 200 + N - 3)], np.float32)
    numbers, items = {"year": years, "tempo": tempo}, ("item 1", "item 2")
    known = replace(CATALOG, tags={}, categories={}, numbers=numbers)
    slate = Slate(items, (0.5,) * 2, ("active",) * 2, ((Reason("item:a: one", 0.5),),) * 2, "1", "active")
    near, same = sentences(slate, known)
    assert near in {"It has about the same year as “Night Oud”.", "Like “Night Oud”, it has about the same year."}
    assert same in {"It has the same tempo as “Night Oud”.", "Like “Night Oud”, it has the same tempo."}
    liked = sentences(slate, known, Query(likes=("a: one",)))
    assert all("you liked" in one and "shares" not in one for one in liked)


def test_what_is_only_described_is_no_title() -> None:
    one = described(CATALOG, {"energy": str(ENERGY[20])})
    known = beside(CATALOG, one)
    slate = Slate(
        ("item 20", "item 3"), (1.0, 0.5), ("active",) * 2, ((Reason(f"item:{DESCRIBED}", 1.0),),) * 2, "1", "active"
    )
    same, far = sentences(slate, known)
    assert same in {"It has the same energy as what you describe.", "Like what you describe, it has the same energy."}
    assert far == "It is close to what you describe."


def test_what_outweighs_all_else_says_so() -> None:
    parts = {"item:item 2": 0.9, "taste:woody": 0.1}
    said = sentence(told("item 1", parts, replace(LIKED, profile={"woody": 0.7})))
    assert said.startswith("Mostly because you liked “Rose”. ")
    assert "Mostly" not in sentence(told("item 1", parts | {"taste:woody": 0.8}, LIKED))


def test_a_little_against_it_is_said_softly() -> None:
    asked = replace(LIKED, profile={"woody": 0.7})
    assert sentence(told("item 1", {"item:item 2": 0.9, "taste:woody": -0.1}, asked)).endswith(
        " Still, less woody than you asked for."
    )


def test_expected_stars_are_said_where_somebody_foretold_them() -> None:
    found = told("item 1", {"item:item 2": 0.5}, LIKED)
    assert sentence(replace(found, foretold=Foretold(4.26, 1.0, 5.0))).endswith(" You would give it about 4.3 of 5.")
    assert sentence(replace(found, foretold=Foretold(2.0, 10.0, 1.0))) == sentence(found)  # ranks are no stars


def test_a_recipe_says_how_its_context_is_said() -> None:
    words = Wording(context={"emotion": "your words sound {label}", "weather": "it is {label} outside"})
    found = told("item 1", {"context:weather": 1.0}, Query(context={"weather": {"rain": 0.9, "sun": 0.1}}))
    assert sentence(found, words) == "It is rain outside (0.90)."
    assert sentence(told("item 1", {"context:emotion": 1.0}, SAD), words) == "Your words sound sad (0.82)."


def test_ten_lines_do_not_read_alike_and_the_same_line_reads_the_same() -> None:
    items = tuple(f"item {i}" for i in range(10, 20))
    reasons = tuple((Reason("item:item 3", 0.5),) for _ in items)
    slate = Slate(items, (0.5,) * 10, ("active",) * 10, reasons, "1", "active")
    said = sentences(slate, CATALOG, Query(likes=("item 3",)))
    assert said == sentences(slate, CATALOG, Query(likes=("item 3",)))
    assert len(set(said)) >= 3
    assert all("(" not in each for each in said)  # numbers are for those who ask for them
    assert sentences(Slate((), (), (), (), "", "nothing"), CATALOG) == []


@pytest.mark.parametrize("odd", [nan, inf, -inf])
def test_a_number_that_is_none_is_never_said(odd: float) -> None:
    found = told("item 1", {"taste:woody": odd, "item:item 2": 0.5, "base": odd}, LIKED, score=odd)
    assert sentence(found) == "Because you liked “Rose”."
    strange = Query(ratings={"item 2": odd}, profile={"woody": odd}, context={"emotion": {"sad": odd, "happy": odd}})
    parts = {"item:item 2": 0.5, "taste:woody": 0.4, "context:emotion": 0.3}
    said = sentence(told("item 1", parts, strange))
    assert "nan" not in said
    assert "inf" not in said


def test_an_item_that_left_the_catalog_is_called_by_its_id() -> None:
    assert sentence(told("item 1", {"item:gone": 0.5}, Query(likes=("gone",)))) == "Because you liked “gone”."
    assert len(CATALOG) == N
