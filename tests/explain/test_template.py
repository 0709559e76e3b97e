"""Sentences say what moved a score, and what a person can check."""

from collections.abc import Mapping

import numpy as np
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
        ({"context:hour": 0.1}, "context (+0.10)"),
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


TRACKS = Catalog(
    Vocab(("a", "b", "c", "d")),
    ("One", "Two", "Three", "Four"),
    categories={"maker": ("Ann", "ann", "Ann", "")},
    numbers={
        "speed": np.array([1.0, 60.0, 1.01, np.nan], np.float32),
        "size": np.array([1.0, 1.0, 90.0, 2.0], np.float32),
    },
)


def wide(n: int = 100) -> Catalog:
    """The four, and others that differ from them in every number."""
    ids = Vocab((*TRACKS.items.ids, *(f"x{i}" for i in range(n))))
    makers = (*TRACKS.categories["maker"], *[""] * n)
    numbers = {name: np.append(column, 20.0 + np.arange(n)) for name, column in TRACKS.numbers.items()}
    return Catalog(ids, ids.ids, categories={"maker": makers}, numbers=numbers)


@pytest.mark.parametrize(
    ("item", "parts", "sentence"),
    [
        ("c", {"near:a": 0.5}, "near a: same maker, same speed (+0.50)"),
        ("c", {"near:a": 0.5, "with:a": 0.2}, "near a: same maker, same speed, same lists (+0.70)"),
        ("c", {"near:a": 0.5, "with:a": 0.0}, "near a: same maker, same speed, same lists (+0.50)"),
        ("b", {"near:a": 0.5}, "near a: same size (+0.50)"),  # names are compared as they are written
        ("d", {"with:b": 0.4}, "near b: same size, same lists (+0.40)"),
        ("d", {"near:b": -0.4}, "what you said of b speaks against it (-0.40)"),
        ("c", {"item:a": 0.5}, "what you said of a speaks for it (+0.50)"),  # a model of tastes claims no nearness
    ],
)
def test_what_is_near_says_what_it_shares_and_who_has_both(item: str, parts: Mapping[str, float], sentence: str):
    reasons = tuple(Reason(part, weight) for part, weight in parts.items())
    slate = Slate((item,), (1.0,), ("active",), (reasons,), "1", "active")
    assert sentences(slate, wide(), "lists") == [sentence]
