"""The job that makes features of items that a program added, so that models can place them; nothing is learned."""

from time import time
from uuid import uuid4

from .. import store as database
from ..errors import TastemakerError
from ..recipe import Recipe
from ..store import Store
from .imports import catalog_changed, refreshed_features

CATALOG = "catalog"


def refresh_catalog(store: Store, recipe: Recipe, id_: int) -> None:
    """Again, where items joined meanwhile; what came of it is kept in the job's row."""
    with store.begin() as conn:
        database.start_job(conn, id_, database.new_holder(), int(time()))
    try:
        n = _refresh(store, recipe)
        state, result, error = "done", {"what": "catalog", "reason": f"{n} items can be placed"}, None
    except TastemakerError as trouble:
        state, result, error = "failed", None, str(trouble)
    with store.begin() as conn:
        database.end_job(conn, id_, state, int(time()), result, error)


def _refresh(store: Store, recipe: Recipe) -> int:
    while True:
        with store.read() as conn:
            catalog = database.read_catalog(conn)
        made = refreshed_features(store, recipe, catalog)  # outside a transaction: it takes seconds
        with store.begin() as conn:
            if len(database.read_catalog(conn)) != len(catalog):
                continue
            database.put_meta(conn, features=made, catalog=uuid4().hex)
            if not database.list_versions(conn):
                catalog_changed(store, recipe, catalog, conn, 0)
            return len(catalog)
