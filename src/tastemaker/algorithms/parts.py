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


def _parts(model: Algorithm) -> dict[str, tuple[Algorithm, ...]]:
    found = {f.name: getattr(model, f.name) for f in fields(model)}
    return {
        name: value
        for name, value in found.items()
        if isinstance(value, tuple) and value and all(isinstance(part, Algorithm) for part in value)
    }
