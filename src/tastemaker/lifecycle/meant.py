"""Which version a verb is about."""

import sqlalchemy as sa

from .. import store as database
from ..errors import TrainingError
from ..store import ModelVersion

NONE_YET = (
    "No version is active yet. Run: tastemaker import --catalog FILE, or, where recipe.toml names tables under "
    "[source], tastemaker import"
)


def version_meant(conn: sa.Connection, version: int | None = None) -> ModelVersion:
    """The one that was named, else the one that answers."""
    found = database.active_version(conn) if version is None else database.version(conn, version)
    if found is None:
        raise TrainingError(NONE_YET)
    return found
