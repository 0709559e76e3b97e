"""Artifacts that a project needs: its versions, the features that they learned from, and what reads texts."""

from typing import Any

import sqlalchemy as sa

from ..errors import ArtifactError
from .artifacts import Artifacts
from .contexts import text_artifacts
from .meta import get_meta
from .versions import list_versions


def needed_artifacts(conn: sa.Connection, artifacts: Artifacts) -> dict[str, int | None]:
    """digest -> the version that it is, None = features."""
    versions = list_versions(conn)
    found: dict[str, int | None] = {d: v.id for v in versions for d in (v.judged_artifact, v.artifact) if d}
    features = [
        *text_artifacts(conn),
        get_meta(conn, "features"),
        *(_manifest(artifacts, digest).get("features") for digest in found),
    ]
    return found | {digest: None for digest in features if digest is not None and digest not in found}


def _manifest(artifacts: Artifacts, digest: str) -> dict[str, Any]:
    try:
        return artifacts.manifest(digest)
    except ArtifactError:
        return {}  # whoever reads the whole of it says what is wrong
