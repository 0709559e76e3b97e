"""What is true of the whole project, by key."""

from typing import Any

import sqlalchemy as sa

from .tables import meta


def get_meta(conn: sa.Connection, key: str) -> Any:
    """The value kept under `key`; None when there is none."""
    return conn.scalar(sa.select(meta.c.value).where(meta.c.key == key))


def get_metas(conn: sa.Connection, *keys: str) -> dict[str, Any]:
    """The same for several at once."""
    found = conn.execute(sa.select(meta.c.key, meta.c.value).where(meta.c.key.in_(keys)))
    return dict.fromkeys(keys) | {row.key: row.value for row in found}


def put_meta(conn: sa.Connection, **values: Any) -> None:
    conn.execute(sa.delete(meta).where(meta.c.key.in_(values)))
    conn.execute(sa.insert(meta), [{"key": key, "value": value} for key, value in values.items()])
