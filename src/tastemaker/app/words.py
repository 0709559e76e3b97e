"""Every text of the app, by name: they stand in words.toml, so that whoever edits or translates them edits no code."""

import tomllib
from functools import cache
from pathlib import Path
from typing import Any

FILE = Path(__file__).with_name("words.toml")


@cache
def everything() -> dict[str, Any]:
    """name -> text, or a table of texts."""
    groups = tomllib.loads(FILE.read_text("utf-8"))
    return {name: text for group in groups.values() for name, text in group.items()}


def __getattr__(name: str) -> Any:
    try:
        return everything()[name]
    except KeyError:
        raise AttributeError(f"{FILE.name} has no text called {name!r}") from None
