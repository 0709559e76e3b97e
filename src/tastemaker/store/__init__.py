"""The project's memory: catalog, users and events, model versions and their artifacts, on SQLite or PostgreSQL.

The verbs are functions that take a connection, which `Store.begin` (to write) or `Store.read` hands out.
"""

from .artifacts import Artifacts
from .backup import Summary, backup, restore
from .cache import Cache
from .catalogs import Change, delist, put_catalog, read_catalog, relist
from .database import make_engine, transaction
from .events import (
    EventCount,
    Forgotten,
    count_events,
    delete_synthetic,
    forget,
    put_events,
    read_dataset,
    read_user,
)
from .imports import Import, find_import, list_imports, put_import
from .maintenance import Checkup, check, upgrade_database
from .meta import get_meta, put_meta
from .slates import put_slate, read_slates
from .store import Store
from .versions import (
    ModelVersion,
    NewVersion,
    TrainingRun,
    activate,
    active_version,
    add_versions,
    lineage,
    list_activations,
    list_runs,
    list_versions,
    record_run,
    rollback,
    set_state,
    version,
)

__all__ = [
    "Artifacts",
    "Cache",
    "Change",
    "Checkup",
    "EventCount",
    "Forgotten",
    "Import",
    "ModelVersion",
    "NewVersion",
    "Store",
    "Summary",
    "TrainingRun",
    "activate",
    "active_version",
    "add_versions",
    "backup",
    "check",
    "count_events",
    "delete_synthetic",
    "delist",
    "find_import",
    "forget",
    "get_meta",
    "lineage",
    "list_activations",
    "list_imports",
    "list_runs",
    "list_versions",
    "make_engine",
    "put_catalog",
    "put_events",
    "put_import",
    "put_meta",
    "put_slate",
    "read_catalog",
    "read_dataset",
    "read_slates",
    "read_user",
    "record_run",
    "relist",
    "restore",
    "rollback",
    "set_state",
    "transaction",
    "upgrade_database",
    "version",
]
