"""Looking after a project's database: is it sound, is it up to date."""

from dataclasses import dataclass
from time import time

import sqlalchemy as sa

from ..errors import ArtifactError
from .inspecting import leftovers, shape_problems, version_problems
from .needed import needed_artifacts
from .schema import HEAD, REVISIONS, check_revision, revision, upgrade
from .store import Store


@dataclass(frozen=True)
class Checkup:
    """problems: sentences, each with its next step; orphans: artifacts that no version needs (harmless).

    leftovers: sentences about what dead processes left, harmless too
    """

    schema: str | None
    newest: str
    problems: tuple[str, ...]
    orphans: tuple[str, ...] = ()
    leftovers: tuple[str, ...] = ()


def check(store: Store) -> Checkup:
    """Looks at everything, changes nothing; StoreError where the database cannot be opened at all."""
    with store.read() as conn:
        found = revision(conn)
        problems = _integrity(conn)
        if found != HEAD:
            late = f"The schema is {found}, the newest is {HEAD}. Run: tastemaker db upgrade"
            return Checkup(found, HEAD, (*problems, late))
        problems += shape_problems(conn)
        if problems:
            return Checkup(found, HEAD, tuple(problems))
        problems += version_problems(conn)
        known, left = needed_artifacts(conn, store.artifacts), tuple(leftovers(conn, int(time())))
    for digest, version in known.items():
        try:
            store.artifacts.files(digest, version)
        except ArtifactError as error:
            problems.append(str(error))
    return Checkup(found, HEAD, tuple(problems), tuple(store.artifacts.orphans(known)), left)


def upgrade_database(store: Store) -> tuple[str | None, str]:
    """(the schema before, the schema now); all or nothing."""
    with store.begin() as conn:
        before = revision(conn)
        if before not in REVISIONS:
            check_revision(before, store.where)
        upgrade(conn)
    return before, HEAD


def _integrity(conn: sa.Connection) -> list[str]:
    if conn.dialect.name != "sqlite":
        return []
    damage = [row[0] for row in conn.exec_driver_sql("PRAGMA integrity_check") if row[0] != "ok"]
    dangling = [f"{row[0]} row {row[1]} points to nothing" for row in conn.exec_driver_sql("PRAGMA foreign_key_check")]
    next_step = "Bring back a backup: tastemaker db restore FILE --force"
    return [f"The database is damaged: {trouble}. {next_step}" for trouble in damage + dangling]
