"""Is the process there, may it be asked, and how is it doing."""

from fastapi import APIRouter
from starlette.responses import Response

from ..models import Health
from ..problems import Refused
from ..strict import StrictRoute
from ..worker import OPEN_DOOR
from .common import PROBLEMS, Reader, Serving

router = APIRouter(tags=["health"], route_class=StrictRoute)


@router.get("/health/live", response_model=Health)
async def live() -> dict[str, str]:
    """The process runs."""
    return {"status": "live"}


@router.get("/health/ready", response_model=Health, responses={503: PROBLEMS[503]})
async def ready(worker: Serving) -> dict[str, str]:
    """Projects are open and warmed up; one whose database is away keeps the others not back."""
    if not worker.ready:
        raise Refused(503, "Starting: models are being loaded and warmed up.", {"Retry-After": "1"})
    return {"status": "ready"}


@router.get(
    "/metrics",
    response_class=Response,
    responses={200: {"content": {"text/plain": {"schema": {"type": "string"}}}, "description": "Prometheus."},
               **{status: PROBLEMS[status] for status in (401, 403, 429, 503)}},
)  # fmt: skip
async def metrics(worker: Serving, caller: Reader) -> Response:
    """For Prometheus: of all workers; of projects only the key's own."""
    project = None if caller.key is OPEN_DOOR else caller.tenant.name
    return Response(worker.metrics.text(project), media_type="text/plain; version=0.0.4; charset=utf-8")
