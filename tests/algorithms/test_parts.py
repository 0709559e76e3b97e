"""Settings of algorithms that are made of others, as versions keep them."""

import json
from dataclasses import asdict

import pytest

from tastemaker.algorithms import ALGORITHMS, Algorithm
from tastemaker.algorithms.parts import with_params
from tastemaker.tune.fields import FIELDS
from tastemaker.tune.space import Range, space_of, values_of, with_values


@pytest.mark.parametrize("name", sorted(name for name, kind in ALGORITHMS.items() if kind in FIELDS))
def test_what_a_version_keeps_says_which_algorithm_it_was(name: str) -> None:
    plain = ALGORITHMS[name]()
    space = {path: field for path, field in space_of(plain).items() if isinstance(field, Range)}
    present = values_of(plain, space)
    moved = with_values(plain, {p: next(v for v in f.nearest(present[p]) if v != present[p]) for p, f in space.items()})
    kept = json.loads(json.dumps(asdict(moved)))
    found: Algorithm = with_params(plain, kept)
    assert found == moved != plain
    assert repr(found) == repr(moved)  # also the types
