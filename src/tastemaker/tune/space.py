"""Which settings of a model can be searched, and how: ranges by name; nested for what is made of others."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from itertools import chain, product, zip_longest
from typing import Any

import numpy as np

from ..algorithms import ALGORITHMS, Algorithm
from ..errors import TrainingError

Value = int | float | str
Params = dict[str, Value]  # "l2" or, of a blend's second member, "members.1.l2" -> value
GRID_FIELDS = 4
GRID_VALUES = 3


@dataclass(frozen=True)
class Range:
    """Numbers from low to high, both among them. log: steps are factors, not differences; whole: integers only."""

    low: float
    high: float
    log: bool = False
    whole: bool = False

    def clipped(self, value: Value) -> Value:
        return self._number(min(max(float(value), self.low), self.high))

    def widened(self, present: Value) -> "Range":
        """With the present value in it, where it can be."""
        x = float(present)
        if self.log and x <= 0.0:
            return self
        return replace(self, low=min(self.low, x), high=max(self.high, x))

    def narrowed(self, present: Value, step: float) -> "Range":
        """What lies within a factor of `step` of the present value, or within 1 - 1/step of a linear range's width."""
        x = float(self.clipped(present))
        reach = (self.high - self.low) * (1.0 - 1.0 / step) / 2.0
        low, high = (x / step, x * step) if self.log else (x - reach, x + reach)
        low, high = max(low, self.low), min(high, self.high)
        return replace(self, low=np.floor(low), high=np.ceil(high)) if self.whole else replace(self, low=low, high=high)

    def nearest(self, present: Value) -> list[Value]:
        """The present value and its neighbors, sorted: a factor of 2, or a quarter of the width, apart."""
        x, width = float(self.clipped(present)), (self.high - self.low) / 4.0
        found = [self._number(x)]
        for k in range(1, 8):
            for sign in (-1, 1):
                near = self._number(x * 2.0 ** (sign * k) if self.log else x + sign * k * width)
                if self.low <= float(near) <= self.high and near not in found and len(found) < GRID_VALUES:
                    found.append(near)
        return sorted(found, key=float)

    def _number(self, x: float) -> Value:
        return round(x) if self.whole else float(x)


@dataclass(frozen=True)
class Choice:
    values: tuple[Value, ...]

    def widened(self, present: Value) -> "Choice":
        return self if present in self.values else Choice((present, *self.values))

    def clipped(self, value: Value) -> Value:
        return value

    def narrowed(self, present: Value, step: float) -> "Choice":
        """What has no distance is not searched nearby."""
        return Choice((present,))

    def nearest(self, present: Value) -> list[Value]:
        return [present, *(value for value in self.values if value != present)][:GRID_VALUES]


Space = Mapping[str, Range | Choice]  # the fields that matter most first


def space_of(algorithm: Algorithm) -> dict[str, Range | Choice]:
    """What can be searched of this algorithm, its present values among it; TrainingError when that is nothing."""
    found = dict(_fields(algorithm))
    if not found:
        raise TrainingError(
            f"{type(algorithm).__name__} has no settings that can be searched. Name another model with --model, or "
            "declare its ranges in tastemaker.tune.fields."
        )
    return {path: field.widened(value_of(algorithm, path)) for path, field in found.items()}


def _fields(algorithm: Algorithm) -> Iterator[tuple[str, Range | Choice]]:
    from .fields import FIELDS

    own = next((FIELDS[kind] for kind in type(algorithm).__mro__ if kind in FIELDS), {})
    yield from own.items()
    each = [[(f"members.{i}.{path}", f) for path, f in _fields(m)] for i, m in enumerate(_members(algorithm))]
    yield from (found for found in chain.from_iterable(zip_longest(*each)) if found is not None)


def _members(algorithm: Algorithm) -> Sequence[Algorithm]:
    return getattr(algorithm, "members", ())


def value_of(algorithm: Algorithm, path: str) -> Value:
    name, _, rest = path.partition(".")
    if not rest:
        found: Value = getattr(algorithm, name)
        return found
    index, _, rest = rest.partition(".")
    return value_of(getattr(algorithm, name)[int(index)], rest)


def named(algorithm: Algorithm, paths: Iterable[str]) -> dict[str, str]:
    """path -> what people call it, "bayesmf.shrink"; with all models around it, or the path, where two were alike."""
    found = {path: _chain(algorithm, path) for path in paths}
    for shown in ({path: way[-2:] for path, way in found.items()}, found):
        names = {path: ".".join(way) for path, way in shown.items()}
        if len(set(names.values())) == len(names):
            return names
    return {path: path for path in found}


def _chain(algorithm: Algorithm, path: str) -> list[str]:
    """Names of the members that lead to a field, and the field."""
    name, _, rest = path.partition(".")
    if not rest:
        return [name]
    index, _, rest = rest.partition(".")
    member = getattr(algorithm, name)[int(index)]
    kind = next((kind for kind, made in ALGORITHMS.items() if made is type(member)), type(member).__name__)
    return [kind, *_chain(member, rest)]


def values_of(algorithm: Algorithm, paths: Iterable[str]) -> Params:
    return {path: value_of(algorithm, path) for path in paths}


def fixed_of(algorithm: Algorithm, space: Space, at: str = "") -> dict[str, str]:
    """What a search leaves as it is: path -> value, and which algorithms these are."""
    found = {f"{at}algorithm": type(algorithm).__name__}
    for f in fields(algorithm):
        if f.name == "members":
            for i, member in enumerate(_members(algorithm)):
                found |= fixed_of(member, space, f"{at}members.{i}.")
        elif f"{at}{f.name}" not in space:
            found[f"{at}{f.name}"] = repr(getattr(algorithm, f.name))
    return found


def with_values(algorithm: Algorithm, params: Mapping[str, Value]) -> Algorithm:
    """The same algorithm with these settings; paths as `space_of` names them."""
    for path, value in params.items():
        algorithm = _with(algorithm, path, value)
    return algorithm


def _with(algorithm: Algorithm, path: str, value: Value) -> Algorithm:
    name, _, rest = path.partition(".")
    if rest:
        index, _, rest = rest.partition(".")
        parts = list(getattr(algorithm, name))
        parts[int(index)] = _with(parts[int(index)], rest, value)
        return _replaced(algorithm, name, tuple(parts))
    return _replaced(algorithm, name, value)


def _replaced(algorithm: Algorithm, name: str, value: Any) -> Algorithm:
    assert name in {f.name for f in fields(algorithm)}
    return replace(algorithm, **{name: value})


def grid(space: Space, present: Params, rng: np.random.Generator) -> list[Params]:
    """Three values of each of the first four fields, 81 settings: the present ones first, the others shuffled."""
    chosen = list(space)[:GRID_FIELDS]
    axes = [space[path].nearest(present[path]) for path in chosen]
    cells = [{**present, **dict(zip(chosen, cell, strict=True))} for cell in product(*axes)]
    others = [cell for cell in cells if cell != present]
    return [present, *(others[i] for i in rng.permutation(len(others)))]


def narrowed(space: Space, present: Params, step: float) -> dict[str, Range | Choice]:
    """Only what is near the present values; what cannot move there is left out."""
    found = {path: field.narrowed(present[path], step) for path, field in space.items()}
    return {path: field for path, field in found.items() if isinstance(field, Range) and field.low < field.high}


def to_json(space: Space) -> dict[str, Any]:
    return {path: vars(field) for path, field in space.items()}


def from_json(raw: Mapping[str, Mapping[str, Any]]) -> dict[str, Range | Choice]:
    return {p: Choice(tuple(f["values"])) if "values" in f else Range(**f) for p, f in raw.items()}
