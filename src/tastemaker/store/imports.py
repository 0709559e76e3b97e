"""Which files were imported, so that the same file twice adds nothing and says so."""

from dataclasses import asdict, dataclass

import sqlalchemy as sa

from .tables import imports
from .tables.base import add_new


@dataclass(frozen=True)
class Import:
    """rows = loaded + merged + refused; repaired: characters that the encoding's fall-back read."""

    digest: str
    what: str
    source: str
    at: int
    rows: int
    loaded: int
    merged: int = 0
    refused: int = 0
    repaired: int = 0


def put_import(conn: sa.Connection, done: Import) -> bool:
    """Was it new? The first record of a digest is the one that stays."""
    return add_new(conn, imports, [asdict(done)]) == 1


def find_import(conn: sa.Connection, digest: str, what: str) -> Import | None:
    found = conn.execute(sa.select(imports).where(imports.c.digest == digest, imports.c.what == what)).one_or_none()
    return None if found is None else Import(**found._mapping)


def list_imports(conn: sa.Connection) -> list[Import]:
    """Oldest first."""
    return [Import(**row._mapping) for row in conn.execute(sa.select(imports).order_by(imports.c.at, imports.c.digest))]
