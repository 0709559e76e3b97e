"""Is the database what this program expects: its shape, its versions, and what dead processes left."""

from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa

from .leases import Lease, alive, held
from .schema import VERSION_TABLE
from .tables import METADATA, ab_tests, activations, hp_experiments, jobs, leases, model_versions, slates
from .tables.versions import STATES

BACKUP = "Bring back a backup: tastemaker db restore FILE --force"
Diff = tuple[Any, ...]


def shape_problems(conn: sa.Connection) -> list[str]:
    """Tables, columns, indexes and constraints that are missing or otherwise than they should be, with what mends them.

    What stands in the database beside ours is nobody's business.
    """
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext

    def ours(thing: Any, name: str | None, kind: str, reflected: bool, other: Any) -> bool:
        table = thing if kind == "table" else getattr(thing, "table", None)
        return table is None or table.name in METADATA.tables

    options = {"version_table": VERSION_TABLE, "compare_type": True, "include_object": ours}
    context = MigrationContext.configure(conn, opts=options)
    diffs = [
        one for diff in compare_metadata(context, METADATA) for one in (diff if isinstance(diff, list) else [diff])
    ]
    lost = {diff[1].name for diff in diffs if diff[0] == "add_table"}  # whose indexes are lost with them
    return [_said(conn, diff) for diff in diffs if getattr(getattr(diff[1], "table", None), "name", None) not in lost]


def _said(conn: sa.Connection, diff: Diff) -> str:
    """A sentence for one difference, as Alembic names it."""
    kind = diff[0]
    if kind == "add_table":
        return f"The table {diff[1].name} is missing. {BACKUP}"
    if kind == "add_column":
        return f"The column {diff[2]}.{diff[3].name} is missing. {BACKUP}"
    if kind == "remove_column":
        return f"The column {diff[2]}.{diff[3].name} is not ours. Drop it, or leave it where nothing needs it."
    if kind.startswith("modify"):
        return f"The column {diff[2]}.{diff[3]} is {_plain(diff[5])} instead of {_plain(diff[6])}. {BACKUP}"
    thing = diff[1]
    name = f"{thing.name} of the table {thing.table.name}"
    if kind == "add_index":
        sql = str(sa.schema.CreateIndex(thing).compile(dialect=conn.dialect)).strip()
        return f"The index {name} is missing. Run in the database: {' '.join(sql.split())}"
    what = "index" if "index" in kind else "constraint"
    return f"The {what} {name} is missing. {BACKUP}" if kind.startswith("add") else f"The {what} {name} is not ours."


def _plain(value: Any) -> str:
    return {True: "nullable", False: "not nullable"}[value] if isinstance(value, bool) else str(value)


def version_problems(conn: sa.Connection) -> Iterator[str]:
    """At most one active version, the one that the log says; states that exist."""
    v = model_versions.c
    states = {row.id: row.state for row in conn.execute(sa.select(v.id, v.state).order_by(v.id))}
    active = [id_ for id_, state in states.items() if state == "active"]
    for id_, state in states.items():
        if state not in STATES:
            yield f"Version {id_} is {state!r}, which is no state. {BACKUP}"
    if len(active) > 1:
        yield f"{len(active)} versions are active: {', '.join(map(str, active))}. Choose: tastemaker activate N"
    last = conn.scalar(sa.select(activations.c.version).order_by(activations.c.id.desc()).limit(1))
    if not active and last is not None:
        yield f"No version is active, though {last} was made so last. Run: tastemaker activate {last}"
    if len(active) == 1 and active[0] != last:
        yield f"Version {active[0]} is active, but the log of activations ends with {last}. {BACKUP}"
    children = sa.select(v.id, v.parent).where(v.parent.is_not(None), v.parent >= v.id)
    for row in conn.execute(children):
        yield f"Version {row.id} says that it was trained from {row.parent}, which is no older. {BACKUP}"


def leftovers(conn: sa.Connection, now: int) -> Iterator[str]:
    """What dead processes and old versions left, none of it harmful, and what clears it away."""
    for row in conn.execute(sa.select(leases)):
        if not held(Lease(**row._mapping), now):
            yield f"The lease {row.name} of {row.holder} is over; the next tastemaker tick takes it."
    for job in conn.execute(sa.select(jobs.c.id, jobs.c.kind, jobs.c.holder).where(jobs.c.state == "running")):
        if job.holder is None or not alive(job.holder):
            yield f"Job {job.id} ({job.kind}) is marked as running, but its process is gone. Run: tastemaker tick"
    t = hp_experiments.c
    dead = sa.select(sa.func.count()).where(t.state == "running", sa.func.coalesce(t.until, 0) < now)
    if (n := conn.scalar(dead)) is not None and n > 0:
        yield f"{n} trials of searches were never finished. Run: tastemaker tune --resume"
    running = conn.execute(sa.select(ab_tests.c.control, ab_tests.c.treatment).where(ab_tests.c.state == "running"))
    tested = {version for row in running for version in row}
    challengers = conn.scalars(sa.select(model_versions.c.id).where(model_versions.c.state == "challenger"))
    if lost := sorted(set(challengers) - tested):
        yield f"No experiment runs for the challenger(s) {', '.join(map(str, lost))}. See: tastemaker versions"
    known = {str(id_) for id_ in conn.scalars(sa.select(model_versions.c.id))}
    named = set(conn.scalars(sa.select(slates.c.version).distinct()))
    if strange := sorted(name for name in named - known if name.isdigit()):
        yield f"Lists were shown by version(s) that are gone: {', '.join(strange)}. Their outcomes count for no one."
