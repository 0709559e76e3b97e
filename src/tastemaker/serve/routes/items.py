"""The catalog: items added and changed, one by one or page by page."""

from math import isfinite
from typing import Annotated, Any

from fastapi import Body

from ...store.catalogs import tell_listed
from ...store.upserts import find_item, page_items, put_items
from ..models import Item, ItemPage, StoredItem, Upserted
from ..problems import Refused
from ..starting import queue_catalog, run_job
from ..tenant import Tenant
from .common import Cursor, Ingester, PageSize, Reader, Segment
from .common import router as new_router

router = new_router("catalog")


@router.post("/items", response_model=Upserted)
def upsert_items(caller: Ingester, items: Annotated[list[Item], Body(min_length=1, max_length=1000)]) -> dict[str, Any]:
    """Add items, or change what is said of them. New ones are recommendable within seconds; delisted ones are gone."""
    return upserted(caller.tenant, [item.model_dump(exclude_none=True) for item in items])


@router.get("/items", response_model=ItemPage)
def list_items(caller: Reader, cursor: Cursor = None, limit: PageSize = 100) -> dict[str, Any]:
    """In the order in which they became known."""
    with caller.tenant.store.read() as conn:
        rows = page_items(conn, -1 if cursor is None else int(cursor), limit)
    return {"items": [stored_item(row) for row in rows], "next": str(rows[-1].row) if len(rows) == limit else None}


@router.get("/items/{item:path}", response_model=StoredItem)
def item(caller: Reader, item: Segment) -> dict[str, Any]:
    with caller.tenant.store.read() as conn:
        row = find_item(conn, item)
    if row is None:
        raise Refused(404, f"No item has the id {item!r}.")
    return stored_item(row)


def upserted(tenant: Tenant, told: list[dict[str, Any]]) -> dict[str, Any]:
    with tenant.store.begin() as conn:
        found = put_items(conn, told)
        if found.gone or found.back:
            tell_listed(conn)
        added, changed, unchanged = found.change
        job, waits = queue_catalog(conn, tenant, bool(added or changed))
    tenant.delist(found.gone)
    if job is not None and waits:
        run_job(tenant, job)
    return {"added": added, "changed": changed, "unchanged": unchanged, "job": job}


def stored_item(row: Any) -> dict[str, Any]:
    columns = dict(row.columns)
    numbers = {name: v if v is not None and isfinite(v) else None for name, v in columns["numbers"].items()}
    return {"id": row.id, "title": row.title, **columns, "numbers": numbers, "available": row.available}
