"""Users: what they state, what is known of them, and forgetting them."""

from typing import Annotated, Any

from fastapi import Body

from ...store.forgetting import forget
from ...store.upserts import find_person, page_users, put_users
from ..models import ForgottenUser, Upserted, User, UserDetail, UserPage
from ..problems import Refused
from ..tenant import Tenant
from .common import Admin, Cursor, Ingester, PageSize, Reader, Segment
from .common import router as new_router

router = new_router("users")


@router.post("/users", response_model=Upserted)
def upsert_users(caller: Ingester, users: Annotated[list[User], Body(min_length=1, max_length=1000)]) -> dict[str, Any]:
    """Add users, or what they state of their tastes."""
    return upserted(caller.tenant, users)


@router.get("/users", response_model=UserPage)
def list_users(caller: Reader, cursor: Cursor = None, limit: PageSize = 100) -> dict[str, Any]:
    with caller.tenant.store.read() as conn:
        rows = page_users(conn, -1 if cursor is None else int(cursor), limit)
    return {"users": [_stored(row) for row in rows], "next": str(rows[-1].row) if len(rows) == limit else None}


@router.get("/users/{user:path}", response_model=UserDetail)
def user(caller: Reader, user: Segment) -> dict[str, Any]:
    with caller.tenant.store.read() as conn:
        found = find_person(conn, user)
    if found is None:
        raise Refused(404, f"No user has the id {user!r}.")
    return {**_stored(found[0]), "events": found[1]}


@router.delete("/users/{user:path}", response_model=ForgottenUser)
def forget_user(caller: Admin, user: Segment) -> dict[str, Any]:
    """Their events, the answers they were given, and what was foretold of them; and who had learned from them."""
    tenant = caller.tenant
    with tenant.store.begin() as conn:
        found = forget(conn, user)  # every worker hears of it
    tenant.changed([user])
    tenant.writing.showing.meet_anew()
    tenant.store.write_through()
    return found._asdict()


def upserted(tenant: Tenant, users: list[User]) -> dict[str, Any]:
    told = {one.id: one.profile for one in users}
    for one in users:
        if unknown := unknown_taste(tenant, one):
            raise Refused(404, unknown)
    with tenant.store.begin() as conn:
        added, changed, unchanged = put_users(conn, told)
    tenant.changed(told)
    return {"added": added, "changed": changed, "unchanged": unchanged}


def unknown_taste(tenant: Tenant, user: User) -> str:
    """Why what a user states cannot be stored, "" = it can."""
    tastes = () if tenant.live is None else tenant.live.answers.recommender.tastes
    strange = next((taste for taste in user.profile if taste not in tastes), None)
    if strange is None:
        return ""
    return f"User {user.id!r}: {strange!r} is no taste of this project. It has: {', '.join(tastes)}."


def _stored(row: Any) -> dict[str, Any]:
    return {"id": row.id, "profile": row.profile, "synthetic": row.synthetic}
