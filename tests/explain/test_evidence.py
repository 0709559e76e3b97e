"""Evidence is data: it adds up, it is plain JSON, and it names what a person can check."""

import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tastemaker.data.query import Query
from tastemaker.explain import evidence
from tastemaker.explain.alike import Alike, _as_near

from .made import CATALOG, N, slate, told

weights = st.one_of(st.floats(-10.0, 10.0), st.just(float("nan")), st.just(float("inf")))
names = st.sampled_from(
    ["base", "taste:woody", "item:a: one", "near:a: one", "item:item 2", "history", "context:emotion"]
)


@given(parts=st.dictionaries(names, weights, max_size=7), score=weights)
def test_it_adds_up_and_is_json_whatever_a_model_says(parts: dict[str, float], score: float) -> None:
    found = told("item 1", parts, Query(likes=("a: one",)), score=score)
    total = found.base + sum(c.weight for c in found.counted) + found.unexplained
    assert total == pytest.approx(found.score, abs=1e-9)
    document = json.loads(json.dumps(found.as_json(), allow_nan=False))
    assert document["item"] == "item 1"
    assert document["title"] == "Smoke"
    assert len(found.told) <= 3


def test_what_cannot_be_taken_apart_says_so() -> None:
    found = told("item 1", {}, score=2.5)
    assert (found.base, found.counted, found.unexplained) == (0.0, (), 2.5)


def test_nearness_and_tastes_of_one_item_are_one_thing() -> None:
    found = told("item 1", {"item:a: one": 0.5, "near:a: one": 0.25, "base": 1.0}, Query(ratings={"a: one": 0.75}))
    (only,) = found.counted
    assert (only.kind, only.name, only.id, only.opinion) == ("item", "Night Oud", "a: one", 0.75)
    assert only.weight == pytest.approx(0.75)
    assert only.share == 1.0
    assert only.alike.tags == ("tar", "LEATHER", "oud")


def test_the_label_of_a_context_is_its_most_probable_one() -> None:
    feeling = {"emotion": {"neutral": 0.1, "sad": 0.82, "happy": 0.08}, "hour": {"hour": 21.0}}
    emotion, hour = told("item 1", {"context:emotion": 2.0, "context:hour": 1.0}, Query(context=feeling)).counted
    assert (emotion.block, emotion.name, emotion.chance) == ("emotion", "sad", 0.82)
    assert (hour.block, hour.name, hour.chance) == ("hour", "", None)


@pytest.mark.parametrize("part", ["context:emotion.sad", "context:sad", "emotion:sad", "emotion", "context:emotion"])
def test_a_context_is_recognized_however_a_scorer_names_its_part(part: str) -> None:
    (only,) = told("item 1", {part: 2.0}, Query(context={"emotion": {"sad": 0.82, "happy": 0.18}})).counted
    assert (only.kind, only.block, only.name, only.chance) == ("context", "emotion", "sad", 0.82)


def test_who_asked_for_nothing_is_not_known() -> None:
    assert not told("item 1", {"base": 1.0}, Query(user="ann")).known
    assert told("item 1", {"base": 1.0}, Query(profile={"woody": 1.0})).known
    assert told("item 1", {"base": 1.0}).known  # nobody said what was asked


def test_one_for_every_item_in_their_order() -> None:
    both = slate("item 1", {"base": 1.0})
    both = replace(both, items=("item 2", "item 1"), scores=(2.0, 1.0), sources=("active", "newest"), reasons=((), ()))
    first, second = evidence(both, CATALOG)
    assert [first.title, second.title] == ["Rose", "Smoke"]
    assert [first.level, second.level] == ["active", "newest"]


def test_rare_tags_come_first_and_only_what_is_rare_counts_as_the_same_number() -> None:
    alike = Alike(CATALOG)
    assert alike.of(1, 0).tags == ("tar", "LEATHER", "oud")  # amber is everywhere
    assert alike.of(0, 2).same == ("brand",)
    assert alike.of(3, 5).same == ()  # a gap is like nothing
    near = alike.of(20, 21)  # 3 of 44 lie so near; half of them have the same mode
    assert (near.near, near.numbers) == (("energy",), ())
    assert alike.of(20, 24).near == ()


def test_only_equal_numbers_are_the_same() -> None:
    years = np.array([1999, 1999, 2010, 2011, *range(1900, 1900 + N - 4)], np.float32)
    alike = Alike(replace(CATALOG, numbers={"year": years}))
    assert (alike.of(0, 1).numbers, alike.of(0, 1).near) == (("year",), ())
    assert (alike.of(2, 3).numbers, alike.of(2, 3).near) == ((), ("year",))


@given(st.lists(st.one_of(st.integers(-9, 9).map(float), st.just(float("nan"))), min_size=2, max_size=30))
def test_how_rare_a_number_so_near_is_agrees_with_looking_at_every_item(numbers: list[float]) -> None:
    column = np.float32(numbers)
    known = np.sort(column[~np.isnan(column)])
    a, b = column[:2]
    slow = 1.0 if np.isnan(a + b) else np.mean([abs(x - a) <= abs(b - a) for x in known])
    assert _as_near(known, a, b) == pytest.approx(slow)


def test_the_catalog_is_looked_through_once_for_all_lists() -> None:
    assert Alike(CATALOG).catalog.tagged is Alike(CATALOG).catalog.tagged
    assert Alike(CATALOG).catalog.ordered is Alike(CATALOG).catalog.ordered
