"""The tables of experiments: which two versions, how users are dealt, and who was seen in which arm."""

import sqlalchemy as sa

from .base import JSON, METADATA
from .versions import model_versions

STATES = ("running", "stopped")

ab_tests = sa.Table(
    "ab_tests",
    METADATA,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),  # 1, 2, 3 …
    sa.Column("control", sa.ForeignKey(model_versions.c.id), nullable=False),
    sa.Column("treatment", sa.ForeignKey(model_versions.c.id), nullable=False),
    sa.Column("share", sa.Double, nullable=False),  # of the users, who get the treatment
    sa.Column("salt", sa.Text, nullable=False),
    sa.Column("state", sa.Text, sa.CheckConstraint(f"state IN {STATES}", name="state"), nullable=False),
    sa.Column("metric", sa.Text, nullable=False),
    sa.Column("settings", JSON, nullable=False),  # effect, alpha, power, planned users and days, guards …
    sa.Column("started_at", sa.BigInteger, nullable=False),
    sa.Column("ended_at", sa.BigInteger),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("verdict", JSON),
)
RUNNING = ab_tests.c.state == "running"
# On PostgreSQL with the same WHERE: see one_active_version.
sa.Index("one_running_test", ab_tests.c.state, unique=True, sqlite_where=RUNNING)

ab_assignments = sa.Table(
    "ab_assignments",
    METADATA,
    sa.Column("test", sa.ForeignKey(ab_tests.c.id), primary_key=True),
    sa.Column("user", sa.Text, primary_key=True),
    sa.Column("arm", sa.Text, nullable=False),
    sa.Column("at", sa.BigInteger, nullable=False),  # when the user first met the experiment
)
