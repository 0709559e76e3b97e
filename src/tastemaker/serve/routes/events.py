"""What users did and what they were shown: each row gets its receipt, and is stored once."""

from asyncio import get_running_loop
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from time import time
from typing import Annotated, Any, Self
from uuid import uuid4

from fastapi import Body, Header
from starlette.requests import Request
from starlette.responses import Response

from ...data.context import columns_of, place_context
from ...data.events import AHEAD, KINDS
from ...errors import QueryError
from ...store.ingest import Told
from ...store.slates import ELSEWHERE, put_slates, slate_of_request
from ..live import Live
from ..models import Event, Impression, KeptEvent, Receipts, Taken
from ..problems import Refused
from ..rowwise import Bad, RowOrBad
from ..tenant import Tenant
from .common import Ingester, Serving
from .common import router as new_router

router = new_router("events")
OTHER = "another body"
SENT = "id:"  # how the key of an event begins that came with an id
INDEXED = 2400  # bytes of a key: PostgreSQL's index takes no more than about 2,700
Key = Annotated[str | None, Header(min_length=1, max_length=200, pattern=r"^[\x21-\x7e]+$",
                                   description="The same key and body again: stored once.")]  # fmt: skip
WHY = {
    "unknown item": "No item has this id. Put it into the catalog first.",
    "invented user": "This is the id of an invented user. Give yours another one.",
}
ACCEPTED: dict[int | str, Any] = {
    202: {"model": Receipts, "description": "The database is away: kept on disk, synced."}
}


@router.post("/events", response_model=Receipts, responses=ACCEPTED)
async def events(
    request: Request, caller: Ingester, worker: Serving, response: Response,
    events: Annotated[list[Annotated[Event, RowOrBad]], Body(min_length=1, max_length=1000)],
    idempotency_key: Key = None,
) -> dict[str, Any]:  # fmt: skip
    """Up to 1,000 rows. A row is acknowledged when it is stored for good, and counts in its user's next answer.

    One that cannot be stored is refused with its reason, and costs the others nothing.
    """
    tenant = caller.tenant
    batch = Batch.of(caller.key.id, idempotency_key, await request.body()) if idempotency_key else Batch(uuid4().hex)
    rows = await checked_rows(tenant, events, batch)
    if any(row.get("reason") == OTHER for row in rows):
        detail = f"The Idempotency-Key {idempotency_key} came with another body before. Nothing of this one was stored."
        raise Refused(409, f"{detail} Send what was sent then, or a new key.")
    counts = {
        name: sum(row["status"] == name for row in rows) for name in ("accepted", "duplicate", "spooled", "refused")
    }
    for name, n in counts.items():
        if n:
            worker.metrics.events.labels(tenant.name, name).inc(n)
    if counts["spooled"]:
        response.status_code = 202
    return {**counts, "receipts": rows}


@dataclass(frozen=True)
class Batch:
    """name: makes the rows the same ones when they are sent again;  id, body: as `Told` keeps them"""

    name: str
    id: str = ""
    body: str = ""

    @classmethod
    def of(cls, sender: str, key: str, body: bytes) -> Self:
        """Another sender's key is another key, and another body's rows are other rows."""
        id_, digest = (sha256(said).hexdigest()[:32] for said in (f"{sender}\0{key}".encode(), body))
        return cls(f"{id_}:{digest}", id_, digest)


async def checked_rows(tenant: Tenant, events: Sequence[Event | Bad], batch: Batch) -> list[dict[str, Any]]:
    """A receipt a row."""
    now = int(time())
    checked = [
        event.why if isinstance(event, Bad) else _checked(tenant, event, batch, k, now)
        for k, event in enumerate(events)
    ]
    told = [one for one in checked if isinstance(one, Told)]
    fates = iter(await tenant.writing.send(told, get_running_loop()) if told else [])
    return [_receipt(k, one if isinstance(one, str) else next(fates)) for k, one in enumerate(checked)]


def _checked(tenant: Tenant, event: Event, batch: Batch, row: int, now: int) -> Told | str:
    """Ready to be stored, or why it cannot be."""
    live = tenant.live
    scale = None if live is None else live.answers.scales.get(event.kind)
    value = event.value
    if scale is not None:
        low, high = sorted((scale.worst, scale.best))
        if value is None or not scale.contains(value):
            given = "nothing" if value is None else f"{value:g}"
            return f"The value of a {event.kind} is {given}; give a number from {low:g} to {high:g}."
    elif value is None:
        value = 1.0
    if ahead := _ahead(event.time, now):
        return ahead
    try:
        context = _context(live, event)
    except QueryError as error:
        return str(error)
    moment = now if event.time is None else event.time
    own = _short(event.key) if isinstance(event, KeptEvent) and event.key else f"{batch.name}:{row}"
    key = f"{SENT}{event.id}" if event.id is not None else own
    return Told(
        event.user,
        event.item,
        KINDS.index(event.kind),
        float(value),
        moment,
        now,
        key,
        context,
        event.request_id or "",
        batch.id,
        batch.body,
    )


def _short(key: str) -> str:
    """As it is where every database can index it, else its digest."""
    said = key.encode()
    return key if len(said) <= INDEXED else f"sha256:{sha256(said).hexdigest()}"


def _ahead(time: int | None, now: int) -> str:
    """Why a moment that has not come cannot be stored; "" = it can."""
    if time is None or time <= now + AHEAD:
        return ""
    return f"The time {time} is in the future; it is {now} here. Give UTC seconds, and set the sender's clock."


def _context(live: Live | None, event: Event) -> dict[str, float] | None:
    """Columns, in the recipe's own words; None = nobody says. QueryError for a label that nobody knows."""
    blocks: dict[str, dict[str, float]] = {}
    for name, said in (event.context or {}).items():
        block, _, label = name.partition(":")
        values = said if isinstance(said, dict) else {said: 1.0} if isinstance(said, str) else {label: said}
        blocks[block] = {**blocks.get(block, {}), **values}
    contexts = None if live is None else live.answers.contexts
    if contexts:
        blocks, notes = contexts.told(blocks, None)
        if notes:
            raise QueryError(f"{notes[0]}.")
    return columns_of({**blocks, **place_context(event.place)}) or None


def _receipt(row: int, fate: str) -> dict[str, Any]:
    if fate in ("accepted", "duplicate", "spooled"):
        return {"row": row, "status": fate}
    return {"row": row, "status": "refused", "reason": WHY.get(fate, fate)}


@router.post("/impressions", response_model=Taken)
def impressions(
    caller: Ingester, impressions: Annotated[list[Impression], Body(min_length=1, max_length=1000)]
) -> dict[str, int]:
    """What was shown: of an answer that is named by its request_id, or what somebody else chose, to be measured too."""
    now = int(time())
    for k, one in enumerate(impressions):
        if ahead := _ahead(one.time, now):
            raise Refused(409, f"Impression {k}: {ahead} Nothing was stored.")
    with caller.tenant.store.begin() as conn:
        named = {one.request_id: slate_of_request(conn, one.request_id) for one in impressions if one.request_id}
        put_slates(conn, [_shown(one, now, named.get(one.request_id or "")) for one in impressions])
    return {"accepted": len(impressions)}


def _shown(one: Impression, now: int, answer: Any) -> dict[str, Any]:
    """answer: the slate of its request_id; what was known and which version chose is said there."""
    n = len(one.items)
    query: dict[str, Any] = {"likes": [], "ratings": {}, "user": one.user, "profile": {}, "context": {},
             "candidates": None, "exclude": [], "filters": {}, "n": n, "now": one.time or now, "when": {}}  # fmt: skip
    made_by = {"version": ELSEWHERE, "level": ELSEWHERE, "level_reason": "shown by another program", "arm": None}
    if answer is not None and answer.user == one.user:
        query, made_by = answer.query, {name: getattr(answer, name) for name in made_by}
    return {
        "at": one.time or now, "user": one.user, **made_by, "query": query, "items": one.items,
        "scores": [None] * n, "propensities": [], "request": one.request_id,
    }  # fmt: skip
