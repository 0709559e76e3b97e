"""A recommender that is useful before its first user, and keeps itself good afterwards."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .client import AsyncClient, Client
    from .data.query import Query, Slate
    from .errors import TastemakerError
    from .lifecycle import Project

__all__ = ["AsyncClient", "Client", "Project", "Query", "Slate", "TastemakerError"]

_HOMES = {
    "AsyncClient": "client",
    "Client": "client",
    "Project": "lifecycle",
    "Query": "data.query",
    "Slate": "data.query",
    "TastemakerError": "errors",
}


def __getattr__(name: str) -> Any:
    """Names are imported when they are first used, so that importing the package costs nothing."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f".{_HOMES[name]}", __name__), name)
