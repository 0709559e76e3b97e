"""The first schema: items, users and events, model versions, slates.

Revision ID: 0001
"""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

JSON = sa.JSON(none_as_null=True)
SERIAL = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
ACTIVE = sa.text("state = 'active'")


def upgrade() -> None:
    _meta_and_items()
    _users_and_events()
    _versions()
    _slates()


def _meta_and_items() -> None:
    op.create_table(
        "meta",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("value", JSON),
        sa.PrimaryKeyConstraint("key", name="pk_meta"),
    )
    op.create_table(
        "items",
        sa.Column("row", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("columns", JSON, nullable=False),
        sa.Column("available", sa.Boolean(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("row", name="pk_items"),
        sa.UniqueConstraint("id", name="uq_items_id"),
    )


def _users_and_events() -> None:
    op.create_table(
        "users",
        sa.Column("row", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("synthetic", sa.Boolean(), nullable=False),
        sa.Column("profile", JSON),
        sa.PrimaryKeyConstraint("row", name="pk_users"),
        sa.UniqueConstraint("id", name="uq_users_id"),
    )
    op.create_table(
        "events",
        sa.Column("id", SERIAL, nullable=False),
        sa.Column("user_row", sa.Integer(), nullable=False),
        sa.Column("item_row", sa.Integer(), nullable=False),
        sa.Column("kind", sa.SmallInteger(), nullable=False),
        sa.Column("value", sa.Double(), nullable=False),
        sa.Column("time", sa.BigInteger(), nullable=False),
        sa.Column("received_at", sa.BigInteger(), nullable=False),
        sa.Column("synthetic", sa.Boolean(), nullable=False),
        sa.Column("grp", sa.BigInteger(), nullable=False),
        sa.Column("context", JSON),
        sa.Column("key", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["item_row"], ["items.row"], name="fk_events_item_row"),
        sa.ForeignKeyConstraint(["user_row"], ["users.row"], name="fk_events_user_row"),
        sa.PrimaryKeyConstraint("id", name="pk_events"),
        sa.UniqueConstraint("key", name="uq_events_key"),
    )
    for column in ("item_row", "time", "user_row"):
        op.create_index(f"ix_events_{column}", "events", [column])
    op.create_table(
        "imports",
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        *(sa.Column(n, sa.Integer(), nullable=False) for n in ("rows", "loaded", "merged", "refused", "repaired")),
        sa.PrimaryKeyConstraint("digest", "what", name="pk_imports"),
    )


def _versions() -> None:
    op.create_table(
        "model_versions",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("recipe", sa.Text(), nullable=False),
        sa.Column("algorithm", sa.Text(), nullable=False),
        sa.Column("params", JSON, nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("parent", sa.Integer()),
        sa.Column("artifact", sa.Text(), nullable=False),
        sa.Column("judged_artifact", sa.Text()),
        sa.Column("data_digest", sa.Text(), nullable=False),
        sa.Column("features_digest", sa.Text(), nullable=False),
        sa.Column("code_version", sa.Text(), nullable=False),
        sa.Column("seed", sa.BigInteger(), nullable=False),
        sa.Column("metrics", JSON, nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "state IN ('candidate', 'challenger', 'active', 'retired', 'rejected')",
            name=op.f("ck_model_versions_state"),
        ),
        sa.ForeignKeyConstraint(["parent"], ["model_versions.id"], name="fk_model_versions_parent"),
        sa.PrimaryKeyConstraint("id", name="pk_model_versions"),
    )
    op.create_index(
        "one_active_version", "model_versions", ["state"], unique=True, sqlite_where=ACTIVE, postgresql_where=ACTIVE
    )
    op.create_table(
        "activations",
        sa.Column("id", SERIAL, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("previous", sa.Integer()),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("back", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["previous"], ["model_versions.id"], name="fk_activations_previous"),
        sa.ForeignKeyConstraint(["version"], ["model_versions.id"], name="fk_activations_version"),
        sa.PrimaryKeyConstraint("id", name="pk_activations"),
    )
    op.create_table(
        "training_runs",
        sa.Column("id", SERIAL, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("started_at", sa.BigInteger(), nullable=False),
        sa.Column("seconds", sa.Double(), nullable=False),
        sa.Column("peak_memory_bytes", sa.BigInteger(), nullable=False),
        sa.Column("events_real", sa.BigInteger(), nullable=False),
        sa.Column("events_synthetic", sa.BigInteger(), nullable=False),
        sa.Column("curve", JSON, nullable=False),
        sa.Column("stages", JSON, nullable=False),
        sa.ForeignKeyConstraint(["version"], ["model_versions.id"], name="fk_training_runs_version"),
        sa.PrimaryKeyConstraint("id", name="pk_training_runs"),
    )
    op.create_index("ix_training_runs_version", "training_runs", ["version"])


def _slates() -> None:
    op.create_table(
        "slates",
        sa.Column("id", SERIAL, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("user", sa.Text()),
        sa.Column("version", sa.Text(), nullable=False),
        sa.Column("level", sa.Text(), nullable=False),
        sa.Column("level_reason", sa.Text(), nullable=False),
        sa.Column("arm", sa.Text()),
        *(sa.Column(name, JSON, nullable=False) for name in ("query", "items", "scores", "propensities")),
        sa.PrimaryKeyConstraint("id", name="pk_slates"),
    )
    for column in ("at", "user"):
        op.create_index(f"ix_slates_{column}", "slates", [column])
