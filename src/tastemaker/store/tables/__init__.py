"""What the database holds, one file per group of tables; portable to SQLite and PostgreSQL."""

from .base import METADATA
from .events import events, imports, users
from .items import items
from .meta import meta
from .slates import slates
from .versions import activations, model_versions, training_runs

__all__ = [
    "METADATA",
    "activations",
    "events",
    "imports",
    "items",
    "meta",
    "model_versions",
    "slates",
    "training_runs",
    "users",
]
