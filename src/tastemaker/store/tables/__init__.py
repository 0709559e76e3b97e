"""What the database holds, one file per group of tables; portable to SQLite and PostgreSQL."""

from .base import METADATA
from .events import events, imports, users
from .experiments import ab_assignments, ab_tests
from .forgotten_users import forgotten_users
from .ingest_batches import ingest_batches
from .items import items
from .jobs import decisions, jobs, leases
from .keys import api_keys
from .meta import meta
from .quality import recommendation_quality
from .slates import slates
from .tuning import hp_experiments, hp_tuning_history
from .versions import activations, model_versions, training_runs

__all__ = [
    "METADATA",
    "ab_assignments",
    "ab_tests",
    "activations",
    "api_keys",
    "decisions",
    "events",
    "forgotten_users",
    "hp_experiments",
    "hp_tuning_history",
    "imports",
    "ingest_batches",
    "items",
    "jobs",
    "leases",
    "meta",
    "model_versions",
    "recommendation_quality",
    "slates",
    "training_runs",
    "users",
]
