"""The project's memory: catalog, users and events, model versions and their artifacts, on SQLite or PostgreSQL.

The verbs are functions that take a connection, which `Store.begin` (to write) or `Store.read` hands out.
"""

from .artifacts import Artifacts
from .backup import Summary, backup, restore
from .cache import Cache
from .catalogs import Change, delist, kept_catalog, put_catalog, read_catalog, relist, tell_listed
from .database import make_engine, transaction
from .decisions import list_decisions, moment, record_decision
from .events import (
    EventCount,
    Mark,
    count_events,
    delete_synthetic,
    mark_now,
    put_events,
    read_dataset,
    read_user,
    room_for_indexes,
)
from .forgetting import Forgotten, forget
from .imports import Import, find_import, list_imports, put_import
from .jobs import Job, add_job, end_job, find_job, hand_job, list_jobs, report_job, settle_job, start_job, sweep_jobs
from .leases import Lease, drop_lease, find_lease, held, new_holder, take_lease
from .maintenance import Checkup, check, upgrade_database
from .meta import get_meta, get_metas, put_meta
from .pruning import Pruned, prune
from .slates import put_slate, read_slates
from .store import Store
from .ties import kept_ties, put_ties, read_ties
from .versions import (
    REHEARSAL,
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
    "REHEARSAL",
    "Artifacts",
    "Cache",
    "Change",
    "Checkup",
    "EventCount",
    "Forgotten",
    "Import",
    "Job",
    "Lease",
    "Mark",
    "ModelVersion",
    "NewVersion",
    "Pruned",
    "Store",
    "Summary",
    "TrainingRun",
    "activate",
    "active_version",
    "add_job",
    "add_versions",
    "backup",
    "check",
    "count_events",
    "delete_synthetic",
    "delist",
    "drop_lease",
    "end_job",
    "find_import",
    "find_job",
    "find_lease",
    "forget",
    "get_meta",
    "get_metas",
    "hand_job",
    "held",
    "kept_catalog",
    "kept_ties",
    "lineage",
    "list_activations",
    "list_decisions",
    "list_imports",
    "list_jobs",
    "list_runs",
    "list_versions",
    "make_engine",
    "mark_now",
    "moment",
    "new_holder",
    "prune",
    "put_catalog",
    "put_events",
    "put_import",
    "put_meta",
    "put_slate",
    "put_ties",
    "read_catalog",
    "read_dataset",
    "read_slates",
    "read_ties",
    "read_user",
    "record_decision",
    "record_run",
    "relist",
    "report_job",
    "restore",
    "rollback",
    "room_for_indexes",
    "set_state",
    "settle_job",
    "start_job",
    "sweep_jobs",
    "take_lease",
    "tell_listed",
    "transaction",
    "upgrade_database",
    "version",
]
