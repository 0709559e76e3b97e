"""What can be searched: declared fields exist, present values are among them, members are reached by name."""

from dataclasses import fields

import numpy as np
import pytest

from tastemaker.algorithms import ALGORITHMS, EASE, IALS, BestOf, BiasedMF, Blend, GraphFilter, ItemKNN
from tastemaker.errors import TrainingError
from tastemaker.tune import Choice, Range, from_json, space_of, to_json, value_of, values_of, with_values
from tastemaker.tune.fields import FIELDS
from tastemaker.tune.space import fixed_of, grid, named, narrowed


@pytest.mark.parametrize("kind", FIELDS)
def test_what_is_declared_is_there(kind):
    names = {f.name for f in fields(kind)}
    assert set(FIELDS[kind]) <= names
    for name, field in FIELDS[kind].items():
        present = value_of(kind(), name)
        assert field.widened(present) == field, f"{kind.__name__}.{name}: the default is outside its range"
        if isinstance(field, Range):
            assert field.whole == isinstance(present, int)
            assert not field.log or field.low > 0


def test_every_algorithm_can_be_searched_unless_it_is_a_choice_of_others():
    cannot = {name for name, kind in ALGORITHMS.items() if kind not in FIELDS and not hasattr(kind(), "members")}
    assert cannot <= {"bestof"}, "declare ranges in tune/fields.py"
    with pytest.raises(TrainingError, match=r"BestOf has no settings that can be searched\. Name another model"):
        space_of(BestOf((EASE(),)))


def test_members_are_searched_by_their_place():
    blend = Blend((GraphFilter(into=0.5), IALS(l2=0.02)), pool=50)
    space = space_of(blend)
    assert list(space)[:4] == ["members.0.into", "members.1.alpha0", "members.0.through", "members.1.l2"]
    assert values_of(blend, ["members.0.into", "members.1.l2"]) == {"members.0.into": 0.5, "members.1.l2": 0.02}
    changed = with_values(blend, {"members.1.l2": 0.1, "members.0.out": 0.9, "members.1.dim": 16})
    assert changed == Blend((GraphFilter(into=0.5, out=0.9), IALS(l2=0.1, dim=16)), pool=50)
    assert len(grid(space, values_of(blend, space), np.random.default_rng(0))) == 81


def test_a_field_is_called_by_its_model_unless_two_would_be_alike():
    inner = Blend((GraphFilter(), IALS()))
    nested = Blend((ItemKNN(), inner, EASE()), pool=50)
    said = named(nested, ["pool", "members.0.k", "members.1.members.1.l2", "members.2.l2"])
    assert list(said.values()) == ["pool", "itemknn.k", "ials.l2", "ease.l2"]
    with_own = Blend((IALS(), inner))
    assert [*named(with_own, ["members.0.l2", "members.1.members.1.l2"]).values()] == ["ials.l2", "blend.ials.l2"]
    twins = Blend((IALS(), IALS(dim=8)))
    assert [*named(twins, ["members.0.l2", "members.1.l2"]).values()] == ["members.0.l2", "members.1.l2"]


def test_a_present_value_beyond_the_range_widens_it():
    assert space_of(BiasedMF(l2=7.0))["l2"] == Range(0.01, 7.0, log=True)
    assert space_of(BiasedMF(dim=1))["dim"] == Range(1, 128, log=True, whole=True)
    assert Choice(("a", "b")).widened("c") == Choice(("c", "a", "b"))


def test_a_grid_is_three_values_of_four_fields_around_the_present_ones():
    present = values_of(BiasedMF(), space_of(BiasedMF()))
    cells = grid(space_of(BiasedMF()), present, np.random.default_rng(1))
    assert len(cells) == len({tuple(cell.values()) for cell in cells}) == 81
    assert cells[0] == present
    assert {cell["l2"] for cell in cells} == {0.025, 0.05, 0.1}
    assert {cell["dim"] for cell in cells} == {10, 20, 40}
    assert {cell["epochs"] for cell in cells} == {8, 15, 30}
    assert {cell["nu"] for cell in cells} == {1.0}  # the fifth field
    assert cells != grid(space_of(BiasedMF()), present, np.random.default_rng(2))


def test_a_grid_at_the_edge_of_a_range_still_has_three_values():
    assert Range(0.1, 10.0, log=True).nearest(0.1) == pytest.approx([0.1, 0.2, 0.4])
    assert Range(0.0, 1.0).nearest(1.0) == [0.5, 0.75, 1.0]
    assert Range(2, 4, log=True, whole=True).nearest(2) == [2, 4]
    assert Choice(("a", "b", "c", "d")).nearest("c") == ["c", "a", "b"]
    space = space_of(ItemKNN())
    weighting = {cell["weighting"] for cell in grid(space, values_of(ItemKNN(), space), np.random.default_rng(0))}
    assert weighting == {"cosine", "tfidf", "bm25"}


def test_near_is_near():
    space = space_of(ItemKNN())
    near = narrowed(space, values_of(ItemKNN(), space), 2.0)
    assert near["k"] == Range(100, 400, log=True, whole=True)
    assert (near["shrink"].low, near["shrink"].high) == (0.0, 60.0)
    assert "weighting" not in near  # what has no distance stays as it is


def test_what_is_not_searched_is_told_apart():
    space = space_of(IALS())
    assert fixed_of(IALS(l2=0.1, dim=9), space) == fixed_of(IALS(), space)
    assert fixed_of(IALS(counts=True), space) != fixed_of(IALS(), space)
    blend = Blend()
    assert fixed_of(Blend((GraphFilter(), IALS(steps=5))), space_of(blend)) != fixed_of(blend, space_of(blend))


def test_a_space_survives_json():
    for space in (space_of(ItemKNN()), space_of(Blend())):
        assert from_json(to_json(space)) == space
