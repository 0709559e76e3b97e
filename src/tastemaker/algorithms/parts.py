"""Algorithms made of others: settings that reach every part that has them."""

from collections.abc import Mapping
from dataclasses import fields, replace
from typing import Any

from .base import Algorithm


def settings_of(model: Algorithm) -> set[str]:
    """The names of its settings, and of those of all its parts."""
    return {f.name for f in fields(model)}.union(
        *(settings_of(part) for parts in _parts(model).values() for part in parts)
    )


def with_settings(model: Algorithm, values: Mapping[str, Any]) -> Algorithm:
    """The same algorithm with these settings, its parts too, each where it has them."""
    inner = {name: tuple(with_settings(part, values) for part in parts) for name, parts in _parts(model).items()}
    own = {f.name: values[f.name] for f in fields(model) if f.name in values}
    return replace(model, **{**inner, **own})


def with_params(model: Algorithm, params: Mapping[str, Any]) -> Algorithm:
    """The same algorithm with the settings that `asdict` and JSON made of one of its kind, its parts too."""
    found = {name: _like(getattr(model, name), value) for name, value in params.items() if hasattr(model, name)}
    return replace(model, **found)


def _like(own: Any, value: Any) -> Any:
    """The value as the setting has it; what is no plain setting stays as it is."""
    if isinstance(own, Algorithm):
        return with_params(own, value)
    if isinstance(own, tuple):
        if own and isinstance(own[0], Algorithm):
            return tuple(with_params(part, said) for part, said in zip(own, value, strict=True))
        return tuple(value)
    return type(own)(value) if isinstance(own, int | float | str) else own


def _parts(model: Algorithm) -> dict[str, tuple[Algorithm, ...]]:
    found = {f.name: getattr(model, f.name) for f in fields(model)}
    return {
        name: value
        for name, value in found.items()
        if isinstance(value, tuple) and value and all(isinstance(part, Algorithm) for part in value)
    }
