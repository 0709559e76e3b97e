"""What is the matter with a project, and what to do about it."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import sqlalchemy as sa

from ... import store as database
from ...errors import ArtifactError, TastemakerError
from ...store import Store
from ...store.location import find_root
from ...store.tables import events, items
from .. import words

MANY = 1_000_000  # events from which on figures are drawn from the latest ones

Kind = Literal["away", "empty", "half", "no version", "damaged", "many"]


@dataclass(frozen=True)
class Trouble:
    """what: is the matter; todo: what to do; stops: nothing can be shown while it lasts"""

    kind: Kind
    what: str
    todo: str
    stops: bool = False


def opened(root: Path) -> Store | Trouble:
    """The project in this directory or above; what is the matter where it cannot be opened."""
    try:
        return Store.open(find_root(root))
    except TastemakerError as error:
        return away(error)


def away(error: TastemakerError) -> Trouble:
    """An error of ours says what is the matter first, and what to do last."""
    what, _, todo = str(error).partition(". ")
    return Trouble("away", f"{what}.", todo or words.TRY_AGAIN, True)


def troubles(store: Store) -> list[Trouble]:
    """Those of a project that can be opened, the worst first; reads little."""
    with store.read() as conn:
        n_items = conn.scalar(sa.select(sa.func.count()).select_from(items)) or 0
        active = database.active_version(conn)
        last = conn.scalar(sa.select(sa.func.max(events.c.id))) or 0
        refused = refusals(conn)
    if not n_items:
        return [Trouble("empty", words.EMPTY_WHAT, words.EMPTY_TODO, True)]
    found = []
    if active is None:
        found.append(Trouble("no version", words.NO_VERSION_WHAT.format(items=n_items), words.NO_VERSION_TODO))
    elif (damage := _damage(store, active.artifact, active.id)) is not None:
        found.append(damage)
    if refused:
        n, files = sum(refused.values()), ", ".join(sorted(refused))
        found.append(Trouble("half", words.HALF_WHAT.format(n=n, files=files), words.HALF_TODO))
    if last >= MANY:
        found.append(Trouble("many", words.MANY_WHAT.format(n=last), words.MANY_TODO))
    return found


def refusals(conn: sa.Connection) -> dict[str, int]:
    """file -> how many of its rows were refused when it was last read; only a part of them is kept by line."""
    kept = database.get_meta(conn, "refusals") or {}
    n = {done.source: done.refused for done in database.list_imports(conn)}
    return {source: max(n.get(source, 0), len(bad)) for source, bad in kept.items()}


def _damage(store: Store, digest: str, version: int) -> Trouble | None:
    """Only the manifest is read: what an answer loads is verified whole, and says so itself."""
    try:
        store.artifacts.manifest(digest)
    except ArtifactError as error:
        what, _, todo = str(error).partition(". ")
        return Trouble("damaged", words.DAMAGED_WHAT.format(version=version, why=what), todo or words.TRY_AGAIN)
    return None
