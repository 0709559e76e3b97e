"""Experiments: which there were, and what the figures of one say."""

import json
from typing import Annotated, Any

from fastapi import Path

from ...store.experiments import list_experiments
from ...store.tables.json import plain_json
from ..models import Experiments
from .common import Reader
from .common import router as new_router

router = new_router("experiments")


@router.get("/experiments", response_model=Experiments)
def experiments(caller: Reader) -> dict[str, Any]:
    """Oldest first."""
    with caller.tenant.store.read() as conn:
        found = list_experiments(conn)
    names = ("id", "control", "treatment", "share", "metric", "state", "started_at", "ended_at", "reason")
    return {"experiments": [{name: getattr(one, name) for name in names} for one in found]}


@router.get("/experiments/{experiment}/report", response_model=dict[str, Any])
def report(caller: Reader, experiment: Annotated[int, Path(ge=1, le=2**31 - 1)]) -> dict[str, Any]:
    """Figures by arm, guards, the check of the arms' sizes, and the verdict. Only `tick` ends what is decided."""
    from ...experiment.running import read

    found: dict[str, Any] = json.loads(plain_json(read(caller.tenant.store, experiment).as_json()))
    return found
