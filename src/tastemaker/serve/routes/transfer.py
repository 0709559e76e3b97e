"""All of it, in and out, as JSON Lines."""

from collections.abc import Callable, Iterator
from time import time
from typing import Annotated, Any, Literal

import orjson
from fastapi import Query
from pydantic import BaseModel, ValidationError
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import StreamingResponse

from ...data.events import KINDS
from ...store.upserts import page_events, page_items, page_users
from ..models import Item, KeptEvent, User
from ..problems import Refused
from ..tenant import Tenant
from . import items as item_routes
from . import users as user_routes
from .common import Admin, Ingester, Serving
from .common import router as new_router
from .events import SENT, checked_rows

router = new_router("transfer")
What = Literal["items", "users", "events"]
LINES = "application/x-ndjson"
CHUNK = 1000
MODELS: dict[str, type[BaseModel]] = {"items": Item, "users": User, "events": KeptEvent}


class Imported(BaseModel):
    rows: int
    stored: int
    duplicate: int
    refused: list[dict[str, Any]]


@router.get(
    "/export/{what}", response_class=StreamingResponse,
    responses={200: {"content": {LINES: {"schema": {"type": "string"}}}, "description": "One JSON object a line."}},
)  # fmt: skip
def export(caller: Admin, what: What, limit: Annotated[int, Query(ge=1, le=10**9)] = 10**9) -> StreamingResponse:
    """Items, users or real events; `import` takes them back."""
    return StreamingResponse(_lines(caller.tenant, what, limit), media_type=LINES)


def _lines(tenant: Tenant, what: str, left: int) -> Iterator[bytes]:
    page, shown = _PAGES[what]
    after = -1
    while left > 0:
        with tenant.store.read() as conn:
            rows = page(conn, after, min(CHUNK, left))
        if not rows:
            return
        kept = [row for row in rows if what != "users" or not row.synthetic]  # nobody can give an invented user back
        yield b"".join(orjson.dumps(shown(row)) + b"\n" for row in kept)
        after, left = rows[-1][0], left - len(kept)


def _event(row: Any) -> dict[str, Any]:
    found = {"user": row.user, "item": row.item, "kind": KINDS[row.kind], "value": row.value, "time": row.time,
             "context": row.context, "request_id": row.request}  # fmt: skip
    found |= {"id": row.key.removeprefix(SENT)} if row.key.startswith(SENT) else {"key": row.key}
    return {name: value for name, value in found.items() if value is not None}


def _item(row: Any) -> dict[str, Any]:
    found = item_routes.stored_item(row)
    for group in ("text", "tags", "categories", "numbers"):
        found[group] = {name: value for name, value in found[group].items() if value not in (None, "", [])}
    return found


def _user(row: Any) -> dict[str, Any]:
    return {"id": row.id, "profile": row.profile or {}}


_PAGES: dict[str, tuple[Callable[..., list[Any]], Callable[[Any], dict[str, Any]]]] = {
    "items": (page_items, _item), "users": (page_users, _user), "events": (page_events, _event),
}  # fmt: skip


@router.post(
    "/import/{what}", response_model=Imported,
    openapi_extra={"requestBody": {"content": {LINES: {"schema": {"type": "string"}}}, "required": True}},
)  # fmt: skip
async def import_(request: Request, caller: Ingester, worker: Serving, what: What) -> dict[str, Any]:
    """One JSON object a line, as `export` writes them; a bad line is refused and named, the others are stored."""
    rows, refused = _read(what, await request.body())
    if what == "events":
        stored, duplicate, more = await _import_events(caller.tenant, rows)
        return {
            "rows": len(rows) + len(refused),
            "stored": stored,
            "duplicate": duplicate,
            "refused": [*refused, *more],
        }
    if not rows:
        return {"rows": len(refused), "stored": 0, "duplicate": 0, "refused": refused}
    told: list[Any] = [row for _, row in rows]
    if what == "items":
        told = [row.model_dump(exclude_none=True) for row in told]
        done = await run_in_threadpool(item_routes.upserted, caller.tenant, told)
    else:
        done = await run_in_threadpool(user_routes.upserted, caller.tenant, told)
    stored = done["added"] + done["changed"]
    return {"rows": len(rows) + len(refused), "stored": stored, "duplicate": len(rows) - stored, "refused": refused}


def _read(what: str, body: bytes) -> tuple[list[tuple[int, Any]], list[dict[str, Any]]]:
    """(line, row) of the good lines, and what is wrong with the others."""
    good, bad = list[tuple[int, Any]](), list[dict[str, Any]]()
    for number, line in enumerate(body.split(b"\n"), 1):
        if not line.strip():
            continue
        try:
            good.append((number, MODELS[what].model_validate(orjson.loads(line))))
        except orjson.JSONDecodeError:
            bad.append({"line": number, "reason": "no JSON object"})
        except ValidationError as error:
            first = error.errors()[0]
            bad.append({"line": number, "reason": f"{'.'.join(map(str, first['loc']))}: {first['msg']}"})
    if not good and not bad:
        raise Refused(422, "The body is empty. Send one JSON object a line.")
    return good, bad[:1000]


async def _import_events(tenant: Tenant, rows: list[tuple[int, Any]]) -> tuple[int, int, list[dict[str, Any]]]:
    found = await checked_rows(tenant, [row for _, row in rows], f"import:{time()}")
    bad = [
        {"line": line, "reason": row["reason"]}
        for (line, _), row in zip(rows, found, strict=True)
        if row["status"] == "refused"
    ]
    stored = sum(row["status"] in ("accepted", "spooled") for row in found)
    return stored, len(found) - stored - len(bad), bad
