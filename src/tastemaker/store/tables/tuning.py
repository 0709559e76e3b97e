"""The tables of tuning: one row a study in hp_tuning_history, one row a trial in hp_experiments."""

import sqlalchemy as sa

from .base import JSON, METADATA

STATES = ("running", "done", "stopped")
TRIAL_STATES = ("running", "done", "pruned", "failed")

hp_tuning_history = sa.Table(
    "hp_tuning_history",
    METADATA,
    sa.Column("id", sa.Text, primary_key=True),  # bayesian_20261120_165747
    sa.Column("recipe", sa.Text, nullable=False),
    sa.Column("model", sa.Text, nullable=False),
    sa.Column("search", sa.Text, nullable=False),
    sa.Column("metric", sa.Text, nullable=False),
    sa.Column("seed", sa.BigInteger, nullable=False),
    sa.Column("digest", sa.Text, nullable=False),  # of data, split and code: what trials must share to be compared
    sa.Column("settings", JSON, nullable=False),  # the space, the present parameters, trials wanted, processes …
    sa.Column("state", sa.Text, sa.CheckConstraint(f"state IN {STATES}", name="state"), nullable=False),
    sa.Column("started_at", sa.BigInteger, nullable=False),
    sa.Column("ended_at", sa.BigInteger),
    sa.Column("result", JSON),  # best trial, gain, interval; and when it was applied
)

hp_experiments = sa.Table(
    "hp_experiments",
    METADATA,
    sa.Column("id", sa.Text, primary_key=True),  # bayesian_20261120_165747_013
    sa.Column("study", sa.ForeignKey(hp_tuning_history.c.id), nullable=False),
    sa.Column("number", sa.Integer, nullable=False),
    sa.Column("params", JSON, nullable=False),
    sa.Column("state", sa.Text, sa.CheckConstraint(f"state IN {TRIAL_STATES}", name="state"), nullable=False),
    sa.Column("value", sa.Double),
    sa.Column("detail", JSON),  # values on the way, per-user values, why it failed
    sa.Column("holder", sa.Text),  # the process that works on it
    sa.Column("until", sa.BigInteger),  # when its claim ends
    sa.Column("started_at", sa.BigInteger, nullable=False),
    sa.Column("seconds", sa.Double),
    sa.UniqueConstraint("study", "number"),
)
