"""What counted adds up to the score: for every scorer of the package, whatever is asked, down to the evidence."""

from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tastemaker.data.query import Query
from tastemaker.explain import evidence
from tastemaker.recommender import single
from tastemaker.scorers import SCORERS, Scorer
from tastemaker.scorers.base import Contributions
from tastemaker.testing import lopsided_world

from .every import DEPLOYED, EVERY

NAMES = [*EVERY, *DEPLOYED]
WORLD = lopsided_world()
IDS, TASTES = WORLD.data.catalog.items.ids, WORLD.data.tastes


@cache
def model(name: str) -> Scorer:
    return {**EVERY, **DEPLOYED}[name](WORLD)


def test_every_scorer_of_the_package_is_here() -> None:
    """Add yours to tests/scorers/every.py: then what it says of its scores is tested below."""
    assert EVERY.keys() == SCORERS.keys()
    assert all(type(model(name)).__name__ == name for name in EVERY)


share = st.floats(0.0, 1.0, width=32)
signed = st.floats(-1.0, 1.0, width=16)  # nobody says 1e-26, whose square is no number any more


@st.composite
def queries(draw: st.DrawFn) -> Query:
    ratings = draw(st.dictionaries(st.sampled_from(IDS), signed, max_size=6))
    times = draw(st.lists(st.integers(0, 10**9), min_size=len(ratings), max_size=len(ratings)))
    return Query(
        likes=tuple(draw(st.lists(st.sampled_from(IDS), max_size=5, unique=True))),
        ratings=ratings,
        profile=draw(st.dictionaries(st.sampled_from(TASTES), share, max_size=len(TASTES))),
        context={"emotion": dict(zip(("sad", "happy"), draw(st.sampled_from([(0.8, 0.2), (0.5, 0.5)])), strict=True))},
        when=dict(zip(ratings, times, strict=True)) if draw(st.booleans()) else {},
        now=10**9,
        n=draw(st.integers(1, 6)),
    )


@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=25)
@given(query=queries())
def test_what_counted_adds_up_to_the_score(name: str, query: Query) -> None:
    recommender = single(WORLD.data.catalog, TASTES, model(name))
    (slate,) = recommender.recommend([query])
    assert slate.level_reason.count("explain") == 0
    for each in evidence(slate, WORLD.data.catalog, query):
        near = pytest.approx(each.score, rel=1e-4, abs=1e-4)
        assert each.base + sum(c.weight for c in each.counted) == near
        assert abs(each.unexplained) <= 1e-4 + 1e-4 * abs(each.score)
        assert sum(c.share for c in each.counted) == pytest.approx(1.0 if any(c.weight for c in each.counted) else 0.0)
        assert all(abs(a.weight) >= abs(b.weight) for a, b in zip(each.counted, each.counted[1:], strict=False))


@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=15)
@given(query=queries(), item=st.integers(0, len(IDS) - 1))
def test_a_part_speaks_of_what_was_said_and_of_nothing_else(name: str, query: Query, item: int) -> None:
    recommender = single(WORLD.data.catalog, TASTES, model(name))
    (parts,) = model(name).contributions(recommender.encode([query]), np.array([[item]], np.int32))
    told = {IDS.index(id_) for id_ in (*query.likes, *query.ratings)}
    stated = {TASTES.index(name) for name in query.profile}
    assert parts.values.dtype == np.float32
    for part in parts.parts:
        assert part.kind not in ("item", "near") or part.key in told
        assert part.kind != "taste" or part.key in stated


def test_a_scorer_that_hides_a_part_is_caught() -> None:
    class Secretive(type(model("Mapping"))):  # type: ignore[misc]
        def contributions(self, batch, items):
            each = super().contributions(batch, items)
            return [Contributions(c.parts[:-1], c.values[:, :-1]) for c in each]

    secretive = single(WORLD.data.catalog, TASTES, Secretive(model("Mapping").membership))
    query = Query(profile={"woody": 0.9, "fresh": 0.8}, n=len(IDS))
    (slate,) = secretive.recommend([query])
    assert any(each.unexplained > 0.1 for each in evidence(slate, WORLD.data.catalog, query))
