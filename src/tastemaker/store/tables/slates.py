"""The table of what was shown: every answer, with the version, arm and fallback level that gave it."""

import sqlalchemy as sa

from .base import JSON, METADATA, SERIAL

slates = sa.Table(
    "slates",
    METADATA,
    sa.Column("id", SERIAL, primary_key=True),
    sa.Column("at", sa.BigInteger, nullable=False, index=True),
    sa.Column("user", sa.Text, index=True),
    sa.Column("version", sa.Text, nullable=False),
    sa.Column("level", sa.Text, nullable=False),
    sa.Column("level_reason", sa.Text, nullable=False),
    sa.Column("arm", sa.Text),
    sa.Column("query", JSON, nullable=False),
    sa.Column("items", JSON, nullable=False),  # ids, best first
    sa.Column("scores", JSON, nullable=False),
    sa.Column("propensities", JSON, nullable=False),
    sa.Column("request", sa.Text, index=True),  # the id that the service gave the answer
)
