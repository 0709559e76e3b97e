"""Which shape the database has, and how it gets the newest one. Reading the shape needs no Alembic."""

from pathlib import Path

import sqlalchemy as sa

from ..errors import StoreError
from .tables import METADATA, events, items, model_versions, users

REVISIONS = ("0001", "0002", "0003", "0004")  # oldest first; one file each in migrations/versions
HEAD = REVISIONS[-1]
VERSION_TABLE = "tastemaker_schema"  # not Alembic's own name, which the database's other tenants may use


def revision(conn: sa.Connection) -> str | None:
    """The revision that the database has; None = no project is in it."""
    if not sa.inspect(conn).has_table(VERSION_TABLE):
        return None
    return conn.scalar(sa.select(sa.column("version_num", sa.Text)).select_from(sa.table(VERSION_TABLE)))


def check_revision(found: str | None, where: str) -> None:
    """StoreError unless the database has the newest schema."""
    if found == HEAD:
        return
    if found is None:
        raise StoreError(f"{where} holds no project. Bring one back: tastemaker db restore FILE")
    if found in REVISIONS:
        raise StoreError(f"{where} has an older schema ({found}; this is {HEAD}). Run: tastemaker db upgrade")
    raise StoreError(f"{where} was made by a newer tastemaker (schema {found}). Run: pip install -U tastemaker")


def check_room(conn: sa.Connection, where: str) -> None:
    """StoreError when tables that are not ours stand where ours would."""
    taken = set(METADATA.tables) & set(sa.inspect(conn).get_table_names())
    if taken and revision(conn) is None:
        raise StoreError(
            f"{where} already has tables of other people: {', '.join(sorted(taken))}. Give the project a database or "
            "a schema of its own: postgresql://…?options=-csearch_path%3Dtastemaker"
        )


def upgrade(conn: sa.Connection, to: str = HEAD) -> None:
    """Bring the database to a revision, inside the caller's transaction."""
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = conn
    command.upgrade(config, to)


def project_tables(conn: sa.Connection) -> list[sa.Table]:
    """Our tables as the database has them, of whichever revision, those that others point at first."""
    found = sa.MetaData()
    found.reflect(conn, only=lambda name, _: name in METADATA.tables)
    for table in found.tables.values():
        for column in table.columns:
            if isinstance(column.type, sa.JSON):
                column.type.none_as_null = True
    return found.sorted_tables


def drop(conn: sa.Connection) -> None:
    """Remove the project from the database."""
    for table in reversed(project_tables(conn)):
        table.drop(conn)
    conn.exec_driver_sql(f"DROP TABLE IF EXISTS {VERSION_TABLE}")


def is_empty(conn: sa.Connection) -> bool:
    """Is there nothing yet that anybody would miss?"""
    return not any(conn.scalar(sa.select(sa.exists().select_from(t))) for t in (items, users, events, model_versions))
