"""Sentences say what moved a score, and what a person can check."""

from collections.abc import Mapping

import pytest

from tastemaker.data.catalog import Catalog
from tastemaker.data.query import Reason, Slate
from tastemaker.data.vocab import Vocab
from tastemaker.explain import sentences

CATALOG = Catalog(
    Vocab(("a: one", "b", "c")),
    ("Night Oud", "Smoke", "Rose"),
    tags={"notes": (("Oud", "Leather", "Tar", "Amber", "Musk"), ("amber", "tar", "LEATHER", "oud"), ("rose",))},
)


def said(item: str, parts: Mapping[str, float]) -> str:
    reasons = tuple(Reason(part, weight) for part, weight in parts.items())
    (sentence,) = sentences(Slate((item,), (1.0,), ("active",), (reasons,), "1", "active"), CATALOG)
    return sentence


@pytest.mark.parametrize(
    ("parts", "sentence"),
    [
        ({"taste:woody": 0.62, "base": 0.3}, "woody suits you (+0.62)"),
        ({"taste:woody": -0.62}, "woody fits less (-0.62)"),
        ({"item:a: one": 0.5}, "shares amber, tar, LEATHER with Night Oud (+0.50)"),
        ({"item:c": -0.5}, "what you said of Rose speaks against it (-0.50)"),
        ({"item:c": -0.5, "near:c": 0.75}, "what you said of Rose speaks for it (+0.25)"),
        ({"history": 0.25}, "what you rated speaks for it (+0.25)"),
        ({"history": -0.25}, "what you rated speaks against it (-0.25)"),
        ({"context:hour": 0.1}, "the hour speaks for it (+0.10)"),
        ({"context:history": -0.1}, "earlier choices speak against it (-0.10)"),
        ({"appeal": -0.1}, "others of its kind are chosen more (-0.10)"),
        ({"base": 0.3}, "a good start when nothing is known"),
        ({}, "a good start when nothing is known"),
        ({"taste:woody": 0.0}, "a good start when nothing is known"),
    ],
)
def test_a_reason_in_words(parts: dict[str, float], sentence: str) -> None:
    assert said("b", parts) == sentence


def test_three_reasons_at_most_and_none_that_is_weak() -> None:
    many = {"taste:woody": 1.0, "taste:fresh": -0.6, "taste:sweet": 0.3, "taste:citrus": 0.2}
    assert said("b", many) == "woody suits you (+1.00); fresh fits less (-0.60); sweet suits you (+0.30)"
    assert said("b", {"taste:woody": 1.0, "taste:fresh": 0.04}) == "woody suits you (+1.00)"


def test_a_sentence_for_every_item() -> None:
    slate = Slate(("c", "b"), (2.0, 1.0), ("x", "x"), ((Reason("taste:floral", 2.0),), ()), "1", "x")
    assert sentences(slate, CATALOG) == ["floral suits you (+2.00)", "a good start when nothing is known"]
    assert sentences(Slate((), (), (), (), "", "nothing"), CATALOG) == []
