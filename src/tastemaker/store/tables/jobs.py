"""The tables of work: jobs, the leases that keep two of them apart, and what was decided and why."""

import sqlalchemy as sa

from .base import JSON, METADATA, SERIAL
from .versions import model_versions

STATES = ("queued", "running", "done", "failed", "cancelled")

jobs = sa.Table(
    "jobs",
    METADATA,
    sa.Column("id", SERIAL, primary_key=True),
    sa.Column("kind", sa.Text, nullable=False),  # retrain, tune …
    sa.Column("arguments", JSON, nullable=False),
    sa.Column("state", sa.Text, sa.CheckConstraint(f"state IN {STATES}", name="state"), nullable=False),
    sa.Column("created_at", sa.BigInteger, nullable=False),
    sa.Column("started_at", sa.BigInteger),
    sa.Column("ended_at", sa.BigInteger),
    sa.Column("holder", sa.Text),  # host:pid:token
    sa.Column("progress", JSON),
    sa.Column("result", JSON),
    sa.Column("error", sa.Text),
)

leases = sa.Table(
    "leases",
    METADATA,
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("holder", sa.Text, nullable=False),
    sa.Column("since", sa.BigInteger, nullable=False),
    sa.Column("until", sa.BigInteger, nullable=False),
)

decisions = sa.Table(
    "decisions",
    METADATA,
    sa.Column("id", SERIAL, primary_key=True),
    sa.Column("at", sa.BigInteger, nullable=False, index=True),
    sa.Column(
        "what", sa.Text, nullable=False
    ),  # alarm, retrain, rejected, proposed, experiment, activated, rolled back …
    sa.Column("version", sa.ForeignKey(model_versions.c.id)),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("detail", JSON),
)
