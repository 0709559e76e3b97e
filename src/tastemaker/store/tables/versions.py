"""The tables of a model's life: its versions, which one answered when, and what training each of them took."""

import sqlalchemy as sa

from .base import JSON, METADATA, SERIAL

STATES = ("candidate", "challenger", "active", "retired", "rejected")

model_versions = sa.Table(
    "model_versions",
    METADATA,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),  # 0, 1, 2 …; 0 is the untrained one
    sa.Column("recipe", sa.Text, nullable=False),
    sa.Column("algorithm", sa.Text, nullable=False),
    sa.Column("params", JSON, nullable=False),
    sa.Column("state", sa.Text, sa.CheckConstraint(f"state IN {STATES}", name="state"), nullable=False),
    sa.Column("parent", sa.ForeignKey("model_versions.id")),
    sa.Column("artifact", sa.Text, nullable=False),  # digest of what answers
    sa.Column("judged_artifact", sa.Text),  # digest of what was judged, where that is another one
    sa.Column("data_digest", sa.Text, nullable=False),
    sa.Column("features_digest", sa.Text, nullable=False),
    sa.Column("code_version", sa.Text, nullable=False),
    sa.Column("seed", sa.BigInteger, nullable=False),
    sa.Column("metrics", JSON, nullable=False),
    sa.Column("created_at", sa.BigInteger, nullable=False),
    sa.Column("data_from", sa.BigInteger),  # the first and the last moment of the events that it learned from
    sa.Column("data_to", sa.BigInteger),
    sa.Column("events_real", sa.BigInteger, nullable=False, server_default="0"),
    sa.Column("events_synthetic", sa.BigInteger, nullable=False, server_default="0"),
    sa.Column("environment", JSON),  # Python, platform, packages
    sa.Column("reason", sa.Text, nullable=False, server_default=""),  # why it was made
    sa.Column("who", sa.Text, nullable=False, server_default=""),
)
ACTIVE = model_versions.c.state == "active"
# The migration makes it, with the same WHERE on PostgreSQL; said here, too,
# its dialect would load for everybody (50 ms).
sa.Index("one_active_version", model_versions.c.state, unique=True, sqlite_where=ACTIVE)

activations = sa.Table(
    "activations",
    METADATA,
    sa.Column("id", SERIAL, primary_key=True),
    sa.Column("version", sa.ForeignKey(model_versions.c.id), nullable=False),
    sa.Column("previous", sa.ForeignKey(model_versions.c.id)),
    sa.Column("at", sa.BigInteger, nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("back", sa.Boolean, nullable=False),  # a rollback: it undoes an activation
)

training_runs = sa.Table(
    "training_runs",
    METADATA,
    sa.Column("id", SERIAL, primary_key=True),
    sa.Column("version", sa.ForeignKey(model_versions.c.id), nullable=False, index=True),
    sa.Column("started_at", sa.BigInteger, nullable=False),
    sa.Column("seconds", sa.Double, nullable=False),
    sa.Column("peak_memory_bytes", sa.BigInteger, nullable=False),
    sa.Column("events_real", sa.BigInteger, nullable=False),
    sa.Column("events_synthetic", sa.BigInteger, nullable=False),
    sa.Column("curve", JSON, nullable=False),
    sa.Column("stages", JSON, nullable=False),
)
