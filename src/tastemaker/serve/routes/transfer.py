"""All of it, in and out, as JSON Lines."""

from collections.abc import Callable, Iterator
from operator import itemgetter
from typing import Annotated, Any, Literal
from uuid import uuid4

import orjson
from fastapi import Query
from pydantic import BaseModel, ValidationError
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import StreamingResponse

from ...data.events import KINDS
from ...store.upserts import catalog_columns, invented, page_events, page_items, page_users, unknown_column
from ..models import MOST, Item, KeptEvent, User
from ..problems import Refused
from ..rowwise import why_not
from ..tenant import Tenant
from . import items as item_routes
from . import users as user_routes
from .common import Admin, Ingester, Serving
from .common import router as new_router
from .events import SENT, Batch, checked_rows

router = new_router("transfer")
What = Literal["items", "users", "events"]
LINES = "application/x-ndjson"
CHUNK = 1000
SHOWN = 1000  # refused lines that are named
Bad = list[dict[str, Any]]  # line and reason
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
    id_ = row.key.removeprefix(SENT)
    found |= {"id": id_} if len(id_) < len(row.key) <= len(SENT) + MOST else {"key": row.key}
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
    rows, bad = _read(what, await request.body())
    if what == "events":
        stored, known, more = await _import_events(caller.tenant, rows)
    else:
        stored, known, more = await run_in_threadpool(_upsert, caller.tenant, what, rows)
    refused = sorted([*bad, *more], key=itemgetter("line"))
    return {"rows": len(rows) + len(bad), "stored": stored, "duplicate": known, "refused": refused[:SHOWN]}


def _upsert(tenant: Tenant, what: str, rows: list[tuple[int, Any]]) -> tuple[int, int, Bad]:
    """Of items or users: how many were new or are changed, how many say nothing new, and the lines that are refused."""
    with tenant.store.read() as conn:
        columns = catalog_columns(conn)
        strange = {} if what == "items" else invented(conn, [row.id for _, row in rows])
    bad, good = list[dict[str, Any]](), list[Any]()
    for line, row in rows:
        if what == "items":
            row = row.model_dump(exclude_none=True)
            why = unknown_column(row, columns)
        else:
            why = strange.get(row.id) or user_routes.unknown_taste(tenant, row)
        (bad if why else good).append({"line": line, "reason": why} if why else row)
    if not good:
        return 0, 0, bad
    done = (item_routes if what == "items" else user_routes).upserted(tenant, good)
    stored = done["added"] + done["changed"]
    return stored, len(good) - stored, bad


def _read(what: str, body: bytes) -> tuple[list[tuple[int, Any]], Bad]:
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
            bad.append({"line": number, "reason": why_not(error)})
    if not good and not bad:
        raise Refused(422, "The body is empty. Send one JSON object a line.")
    return good, bad


async def _import_events(tenant: Tenant, rows: list[tuple[int, Any]]) -> tuple[int, int, Bad]:
    found = await checked_rows(tenant, [row for _, row in rows], Batch(f"import:{uuid4().hex}"))
    bad = [
        {"line": line, "reason": row["reason"]}
        for (line, _), row in zip(rows, found, strict=True)
        if row["status"] == "refused"
    ]
    stored = sum(row["status"] in ("accepted", "spooled") for row in found)
    return stored, len(found) - stored - len(bad), bad
