"""Fitted things as JSON and arrays, and back: a class name plus fields, nested for composites. No pickle."""

from dataclasses import fields, is_dataclass
from typing import Any

import numpy as np

Json = dict[str, Any]
Arrays = dict[str, np.ndarray[Any, Any]]


def pack(thing: Any) -> tuple[Json, Arrays]:
    """A frozen dataclass -> settings and arrays; what is nested under a field has the prefix "field/"."""
    settings: Json = {"class": type(thing).__name__}
    arrays: Arrays = {}
    for f in fields(thing):
        settings[f.name] = _pack_value(getattr(thing, f.name), f.name, arrays)
    return settings, arrays


def _pack_value(value: Any, name: str, arrays: Arrays) -> Any:
    if isinstance(value, np.ndarray):
        arrays[name] = np.ascontiguousarray(value)
        return {"array": name.rpartition("/")[2]}
    if is_dataclass(value) and not isinstance(value, type):
        settings, inner = pack(value)
        arrays |= {f"{name}/{key}": array for key, array in inner.items()}
        return settings
    if isinstance(value, tuple):
        return {"tuple": [_pack_value(v, f"{name}/{i}", arrays) for i, v in enumerate(value)]}
    return value


def unpack(settings: Json, arrays: Arrays, registry: dict[str, type[Any]]) -> Any:
    """What `pack` took apart; KeyError for a class or an array that is not there."""
    cls = registry[settings["class"]]
    return cls(**{n: _unpack_value(v, n, arrays, registry) for n, v in settings.items() if n != "class"})


def _unpack_value(value: Any, name: str, arrays: Arrays, registry: dict[str, type[Any]]) -> Any:
    if not isinstance(value, dict):
        return value
    if "array" in value:
        return arrays[name]
    if "tuple" in value:
        return tuple(_unpack_value(v, f"{name}/{i}", arrays, registry) for i, v in enumerate(value["tuple"]))
    inner = {key[len(name) + 1 :]: array for key, array in arrays.items() if key.startswith(f"{name}/")}
    return unpack(value, inner, registry)
