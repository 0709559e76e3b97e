"""The life of a model: predictions and outcomes, experiments, tuning, jobs, leases, decisions; more about a version.

Revision ID: 0002
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

JSON = sa.JSON(none_as_null=True)
SERIAL = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
RUNNING = sa.text("state = 'running'")


def upgrade() -> None:
    _versions()
    _quality()
    _experiments()
    _tuning()
    _jobs()


def _versions() -> None:
    for column in (
        sa.Column("data_from", sa.BigInteger()),
        sa.Column("data_to", sa.BigInteger()),
        sa.Column("events_real", sa.BigInteger(), nullable=False, server_default="0"),
        sa.Column("events_synthetic", sa.BigInteger(), nullable=False, server_default="0"),
        sa.Column("environment", JSON),
        sa.Column("reason", sa.Text(), nullable=False, server_default=""),
        sa.Column("who", sa.Text(), nullable=False, server_default=""),
    ):
        op.add_column("model_versions", column)


def _quality() -> None:
    op.create_table(
        "recommendation_quality",
        sa.Column("id", SERIAL, nullable=False),
        sa.Column("event", SERIAL, nullable=False),
        sa.Column("user_row", sa.Integer(), nullable=False),
        sa.Column("item_row", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("arm", sa.Text()),
        sa.Column("test", sa.Integer()),
        sa.Column("slate", SERIAL),
        sa.Column("rank_shown", sa.Integer()),
        sa.Column("level", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("recorded_at", sa.BigInteger(), nullable=False),
        sa.Column("known", sa.Integer(), nullable=False),
        sa.Column("predicted", sa.Double()),
        sa.Column("chance", sa.Double()),
        sa.Column("actual", sa.Double(), nullable=False),
        sa.Column("liked", sa.Boolean(), nullable=False),
        sa.Column("error", sa.Double()),
        sa.Column("correct", sa.Boolean()),
        sa.Column("place", sa.Double()),
        sa.PrimaryKeyConstraint("id", name="pk_recommendation_quality"),
        sa.UniqueConstraint("event", name="uq_recommendation_quality_event"),
        sa.ForeignKeyConstraint(["event"], ["events.id"], name="fk_recommendation_quality_event"),
        sa.ForeignKeyConstraint(["user_row"], ["users.row"], name="fk_recommendation_quality_user_row"),
        sa.ForeignKeyConstraint(["item_row"], ["items.row"], name="fk_recommendation_quality_item_row"),
        sa.ForeignKeyConstraint(["version"], ["model_versions.id"], name="fk_recommendation_quality_version"),
        sa.ForeignKeyConstraint(["slate"], ["slates.id"], name="fk_recommendation_quality_slate"),
    )
    op.create_index("ix_recommendation_quality_item_row", "recommendation_quality", ["item_row"])
    op.create_index("ix_recommendation_quality_at", "recommendation_quality", ["at"])
    op.create_index("ix_recommendation_quality_version_at", "recommendation_quality", ["version", "at"])


def _experiments() -> None:
    op.create_table(
        "ab_tests",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("control", sa.Integer(), nullable=False),
        sa.Column("treatment", sa.Integer(), nullable=False),
        sa.Column("share", sa.Double(), nullable=False),
        sa.Column("salt", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("metric", sa.Text(), nullable=False),
        sa.Column("settings", JSON, nullable=False),
        sa.Column("started_at", sa.BigInteger(), nullable=False),
        sa.Column("ended_at", sa.BigInteger()),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("verdict", JSON),
        sa.PrimaryKeyConstraint("id", name="pk_ab_tests"),
        sa.ForeignKeyConstraint(["control"], ["model_versions.id"], name="fk_ab_tests_control"),
        sa.ForeignKeyConstraint(["treatment"], ["model_versions.id"], name="fk_ab_tests_treatment"),
        sa.CheckConstraint("state IN ('running', 'stopped')", name=op.f("ck_ab_tests_state")),
    )
    op.create_index(
        "one_running_test", "ab_tests", ["state"], unique=True, sqlite_where=RUNNING, postgresql_where=RUNNING
    )
    op.create_table(
        "ab_assignments",
        sa.Column("test", sa.Integer(), nullable=False),
        sa.Column("user", sa.Text(), nullable=False),
        sa.Column("arm", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("test", "user", name="pk_ab_assignments"),
        sa.ForeignKeyConstraint(["test"], ["ab_tests.id"], name="fk_ab_assignments_test"),
    )


def _tuning() -> None:
    op.create_table(
        "hp_tuning_history",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("recipe", sa.Text(), nullable=False),
        sa.Column("model", sa.Text(), nullable=False),
        sa.Column("search", sa.Text(), nullable=False),
        sa.Column("metric", sa.Text(), nullable=False),
        sa.Column("seed", sa.BigInteger(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("settings", JSON, nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("started_at", sa.BigInteger(), nullable=False),
        sa.Column("ended_at", sa.BigInteger()),
        sa.Column("result", JSON),
        sa.PrimaryKeyConstraint("id", name="pk_hp_tuning_history"),
        sa.CheckConstraint("state IN ('running', 'done', 'stopped')", name=op.f("ck_hp_tuning_history_state")),
    )
    op.create_table(
        "hp_experiments",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("study", sa.Text(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("params", JSON, nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("value", sa.Double()),
        sa.Column("detail", JSON),
        sa.Column("holder", sa.Text()),
        sa.Column("until", sa.BigInteger()),
        sa.Column("started_at", sa.BigInteger(), nullable=False),
        sa.Column("seconds", sa.Double()),
        sa.PrimaryKeyConstraint("id", name="pk_hp_experiments"),
        sa.ForeignKeyConstraint(["study"], ["hp_tuning_history.id"], name="fk_hp_experiments_study"),
        sa.UniqueConstraint("study", "number", name="uq_hp_experiments_study_number"),
        sa.CheckConstraint("state IN ('running', 'done', 'pruned', 'failed')", name=op.f("ck_hp_experiments_state")),
    )


def _jobs() -> None:
    op.create_table(
        "jobs",
        sa.Column("id", SERIAL, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("arguments", JSON, nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("started_at", sa.BigInteger()),
        sa.Column("ended_at", sa.BigInteger()),
        sa.Column("holder", sa.Text()),
        sa.Column("progress", JSON),
        sa.Column("result", JSON),
        sa.Column("error", sa.Text()),
        sa.PrimaryKeyConstraint("id", name="pk_jobs"),
        sa.CheckConstraint("state IN ('queued', 'running', 'done', 'failed', 'cancelled')", name=op.f("ck_jobs_state")),
    )
    op.create_table(
        "leases",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("holder", sa.Text(), nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_leases"),
    )
    op.create_table(
        "decisions",
        sa.Column("id", SERIAL, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer()),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("detail", JSON),
        sa.PrimaryKeyConstraint("id", name="pk_decisions"),
        sa.ForeignKeyConstraint(["version"], ["model_versions.id"], name="fk_decisions_version"),
    )
    op.create_index("ix_decisions_at", "decisions", ["at"])
