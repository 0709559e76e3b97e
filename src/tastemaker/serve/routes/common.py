"""What routes share: who asks, what they may, how errors are documented."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query, Security
from fastapi.security import HTTPBearer
from starlette.requests import Request

from ..models import MOST, PLAIN, Problem
from ..problems import MEDIA, Refused
from ..strict import StrictRoute
from ..worker import Caller, Worker

BEARER = HTTPBearer(
    auto_error=False, scheme_name="key", description="A key of a project: tastemaker keys create NAME --scope read"
)
SAYS = {
    400: "The body is no JSON.", 401: "No key, or a wrong or revoked one.", 403: "The key lacks the scope.",
    404: "Nobody knows this id or name.", 409: "Not possible in the present state.", 413: "The body is too large.",
    422: "A value is not as this document says.", 429: "The key asks too often.",
    503: "Starting, or the database is away.",
}  # fmt: skip
PROBLEMS: dict[int | str, dict[str, Any]] = {
    status: {"description": says, "content": {MEDIA: {"schema": {"$ref": "#/components/schemas/Problem"}}}}
    for status, says in SAYS.items()
}
Segment = Annotated[str, Path(min_length=1, max_length=MOST, pattern=PLAIN)]
PageSize = Annotated[int, Query(ge=1, le=1000, description="Rows of a page.")]
Cursor = Annotated[str | None, Query(max_length=40, pattern=r"^[0-9]{1,18}$", description="`next` of the page before.")]


def router(tag: str) -> APIRouter:
    """Problem is described once, by the first of them."""
    responses = {**PROBLEMS, 500: {"description": "A bug.", "model": Problem, "content": PROBLEMS[400]["content"]}}
    return APIRouter(prefix="/v1", tags=[tag], responses=responses, route_class=StrictRoute)


class Needs:
    """A caller whose key has this scope. Asynchronous, as all that every request needs: threads may all be waiting."""

    def __init__(self, scope: str) -> None:
        self.scope = scope

    async def __call__(self, request: Request, _: Annotated[Any, Security(BEARER)] = None) -> Caller:
        caller: Caller = request.scope["tastemaker_caller"]
        if not caller.key.allows(self.scope):
            raise Refused(403, f"This key may not do that. It needs the scope {self.scope}.")
        return caller


async def worker_of(request: Request) -> Worker:
    worker: Worker = request.app.state.worker
    return worker


Reader = Annotated[Caller, Depends(Needs("read"))]
Ingester = Annotated[Caller, Depends(Needs("ingest"))]
Admin = Annotated[Caller, Depends(Needs("admin"))]
Serving = Annotated[Worker, Depends(worker_of)]
