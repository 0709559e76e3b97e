"""The table of who was forgotten lately, by a digest: other processes may still hold in memory what they were shown."""

import sqlalchemy as sa

from .base import METADATA

forgotten_users = sa.Table(
    "forgotten_users",
    METADATA,
    sa.Column("digest", sa.Text, primary_key=True),  # of the user's id, with the project's salt
    sa.Column("at", sa.Double, nullable=False),  # UTC seconds, with their fractions
)
