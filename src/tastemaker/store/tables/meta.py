"""The table of what is true of the whole project: its recipe, its id, when and by which package it was made."""

import sqlalchemy as sa

from .base import JSON, METADATA

meta = sa.Table(
    "meta",
    METADATA,
    sa.Column("key", sa.Text, primary_key=True),
    sa.Column("value", JSON),
)
