"""Scores as a table shows them."""

from math import log

import numpy as np

from tastemaker.cli import tables
from tastemaker.data.catalog import Catalog
from tastemaker.data.query import Slate
from tastemaker.data.vocab import Vocab

CATALOG = Catalog(Vocab(("a", "b", "c")), ("A", "B", "C"), available=np.ones(3, bool))


def shown(scores: tuple[float, ...], sources: tuple[str, ...] = ("content",) * 3, spoke: str = "") -> list[str]:
    found = Slate(("a", "b", "c"), scores, sources, ((),) * 3, "1", "content", spoke=spoke)
    return [row[3] for row in tables.slate(found, CATALOG, [""] * 3).rows]


def test_different_scores_look_different_and_equal_ones_alike() -> None:
    assert shown((0.9, 0.5, 0.1)) == ["0.900", "0.500", "0.100"]
    assert shown((0.9041, 0.9038, 0.1)) == ["0.9041", "0.9038", "0.1000"]
    assert shown((0.9041, 0.9041, 0.1)) == ["0.904", "0.904", "0.100"]
    assert shown((0.9, 0.9 - 1e-9, 0.1)) == ["0.900", "0.900", "0.100"]  # no digit that anybody reads tells these apart


def test_a_logarithm_is_shown_as_what_an_item_is_worth_beside_the_first() -> None:
    assert shown((-1.3, -1.3 + log(0.5), -9.0), ("content", "content", "newest"), "mapping") == ["100%", "50%", ""]


def test_only_what_is_the_same_to_the_last_bit_of_one_level_is_tied() -> None:
    def tied(*pairs: tuple[str, float]) -> bool:
        sources, scores = zip(*pairs, strict=True)
        return tables.tied(Slate(("a", "b"), scores, sources, ((),) * 2, "1", "content"))

    assert tied(("content", 0.5), ("content", 0.5))
    assert not tied(("content", 0.5), ("content", 0.5 + 1e-9))
    assert not tied(("content", 0.5), ("newest", 0.5))
