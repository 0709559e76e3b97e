"""Model versions: what there is, what answers, and putting another one in its place."""

from typing import Annotated, Any

from fastapi import Body, Path

from ...store.tables.json import plain_json
from ...store.versions import ModelVersion, activate, active_version, list_versions, rollback
from ..models import Version, Versions, Why
from .common import Admin, Reader
from .common import router as new_router

router = new_router("versions")
Number = Annotated[int, Path(ge=0, le=2**31 - 1)]
Reason = Annotated[Why | None, Body()]


@router.get("/versions", response_model=Versions)
def versions(caller: Reader) -> dict[str, Any]:
    with caller.tenant.store.read() as conn:
        found, active = list_versions(conn), active_version(conn)
    return {"active": None if active is None else active.id, "versions": [_row(one) for one in found]}


@router.post("/versions/{version}:activate", response_model=Version)
def activate_version(caller: Admin, version: Number, why: Reason = None) -> dict[str, Any]:
    """From now on it answers, in every worker within a second; no request fails and none is answered by both."""
    with caller.tenant.store.begin() as conn:
        return _row(activate(conn, version, (why or Why()).reason))


@router.post("/versions:rollback", response_model=Version)
def roll_back(caller: Admin, why: Reason = None) -> dict[str, Any]:
    """Back to the version that was active before; nothing is trained."""
    with caller.tenant.store.begin() as conn:
        return _row(rollback(conn, (why or Why()).reason))


def _row(one: ModelVersion) -> dict[str, Any]:
    import json

    names = ("id", "state", "algorithm", "parent", "created_at", "events_real", "reason")
    return {**{name: getattr(one, name) for name in names}, "metrics": json.loads(plain_json(one.metrics))}
