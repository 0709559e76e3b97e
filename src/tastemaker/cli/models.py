"""versions, activate, rollback, prune."""

from contextlib import closing
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from . import tables
from .output import Json, Output, Where

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy import Connection

    from ..store import ModelVersion

    Change = Callable[[Connection], ModelVersion]

Why = Annotated[str, typer.Option(help="Why; kept in the log.")]


def register(app: typer.Typer) -> None:
    app.command()(versions)
    app.command()(activate)
    app.command()(rollback)
    app.command()(prune)


def versions(where: Where = ".", json: Json = False) -> None:
    """Every version: what made it, from which parent, how good it is, which one answers."""
    from ..store import Store, list_versions
    from ..store.location import find_root

    with closing(Store.open(find_root(where))) as store, store.read() as conn:
        found = list_versions(conn)
    Output(json).result([asdict(v) for v in found], tables.versions(found))


def activate(version: int, why: Why = "by hand", where: Where = ".", json: Json = False) -> None:
    """Let a version answer from now on; the one before is kept."""
    from ..store import activate as do

    _change(where, json, lambda conn: do(conn, version, why))


def rollback(why: Why = "by hand", where: Where = ".", json: Json = False) -> None:
    """Back to the version that answered before; nothing is trained."""
    from ..store import rollback as do

    _change(where, json, lambda conn: do(conn, why))


def prune(
    keep: Annotated[int, typer.Option(help="How many of the newest versions stay whole.")],
    dry: Annotated[bool, typer.Option("--dry-run", help="Only say what would go.")] = False,
    where: Where = ".",
    json: Json = False,
) -> None:
    """Delete the arrays of old versions; what may still be needed stays, and so does every version's record."""
    from ..store import Store
    from ..store import prune as do
    from ..store.location import find_root

    with closing(Store.open(find_root(where))) as store:
        found = do(store, keep, dry)
    gone = ", ".join(map(str, found.versions)) or "none"
    said = f"{'Would prune' if dry else 'Pruned'}: {gone}. Whole: {', '.join(map(str, found.kept))}."
    freed = "" if dry else f" {found.bytes / 1e6:.1f} MB are free."
    Output(json).result(asdict(found), text=said + freed)


def _change(where: str, json: bool, do: "Change") -> None:
    from ..store import Store
    from ..store.location import find_root

    with closing(Store.open(find_root(where))) as store, store.begin() as conn:
        now = do(conn)
    Output(json).result(asdict(now), text=f"Version {now.id} ({now.algorithm}) is active.")
