"""Recommendations for a user, for anybody, and items near an item."""

from typing import Annotated, Any

from fastapi import Query
from starlette.requests import Request
from starlette.responses import Response

from ..asking import Answer
from ..models import Asked, Recommendations
from ..problems import Refused
from ..repeated import recommended
from ..worker import Caller, Worker
from .common import Reader, Segment, Serving
from .common import router as new_router

router = new_router("recommendations")
N = Annotated[int, Query(ge=1, le=1000, description="How many.")]
Explain = Annotated[bool, Query(description="With the parts of each score.")]


@router.get("/users/{user:path}/recommendations", response_model=Recommendations)
async def user_recommendations(
    request: Request, caller: Reader, worker: Serving, user: Segment, n: N = 10, explain: Explain = False
) -> Response:
    """What this user may like, from what they did. A stranger gets a good start."""
    answer = await recommended(worker, caller.tenant, user, n, explain)
    return _told(request, worker, caller, answer)


@router.post("/recommendations", response_model=Recommendations)
async def recommendations(request: Request, caller: Reader, worker: Serving, asked: Asked) -> Response:
    """For anybody: from likes, ratings, stated tastes and context; among candidates; without what is excluded."""
    said = asked.model_dump(exclude={"explain", "diversity"}, exclude_defaults=True)
    said["n"] = asked.n
    live = caller.tenant.live
    if asked.text and live is not None and not live.answers.contexts:
        raise Refused(409, "This project reads nothing off a text: its recipe has no [context.NAME].")
    if asked.context:
        said["context"] = {name: _block(block) for name, block in asked.context.items()}
    answer = await worker.answer(caller.tenant, said, asked.explain, diversity=asked.diversity)
    return _told(request, worker, caller, answer)


@router.get("/items/{item:path}/similar", response_model=Recommendations)
async def similar(
    request: Request, caller: Reader, worker: Serving, item: Segment, n: N = 10, explain: Explain = False
) -> Response:
    """Items near this one in content, whoever likes it."""
    live = caller.tenant.live
    if live is not None and item not in live.catalog.items:
        raise Refused(404, f"No item has the id {item!r}.")
    answer = await worker.answer(caller.tenant, {"likes": [item], "n": n}, explain, similar=True)
    return Response(answer.body(request.scope["tastemaker_request"], request.scope["tastemaker_begun"]),
                    media_type="application/json")  # fmt: skip


def _block(block: dict[str, float] | str) -> dict[str, float]:
    return {block: 1.0} if isinstance(block, str) else block


def _told(request: Request, worker: Worker, caller: Caller, answer: Answer) -> Response:
    request_id: str = request.scope["tastemaker_request"]
    body: Any = answer.body(request_id, request.scope["tastemaker_begun"])
    worker.shown(caller.tenant, request_id, answer)
    return Response(body, media_type="application/json")
