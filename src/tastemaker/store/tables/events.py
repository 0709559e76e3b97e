"""The tables of users, of what they did, and of the files that told us."""

import sqlalchemy as sa

from .base import JSON, METADATA, SERIAL
from .items import items

users = sa.Table(
    "users",
    METADATA,
    sa.Column("row", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("id", sa.Text, nullable=False, unique=True),
    sa.Column("synthetic", sa.Boolean, nullable=False),
    sa.Column("profile", JSON),  # stated tastes, name -> [0, 1]
)

events = sa.Table(
    "events",
    METADATA,
    sa.Column("id", SERIAL, primary_key=True),
    sa.Column("user_row", sa.ForeignKey(users.c.row), nullable=False, index=True),
    sa.Column("item_row", sa.ForeignKey(items.c.row), nullable=False, index=True),
    sa.Column("kind", sa.SmallInteger, nullable=False),  # its place in data.events.KINDS
    sa.Column("value", sa.Double, nullable=False),
    sa.Column("time", sa.BigInteger, nullable=False, index=True),  # UTC seconds, like every time here
    sa.Column("received_at", sa.BigInteger, nullable=False),
    sa.Column("synthetic", sa.Boolean, nullable=False),
    sa.Column("grp", sa.BigInteger, nullable=False),  # -1 = none
    sa.Column("context", JSON),
    sa.Column("key", sa.Text, nullable=False, unique=True),  # what makes an event the same event
    sa.Column("request", sa.Text),  # the answer that it follows, as its sender says
)

imports = sa.Table(
    "imports",
    METADATA,
    sa.Column("digest", sa.Text, primary_key=True),
    sa.Column("what", sa.Text, primary_key=True),  # catalog, events …
    sa.Column("source", sa.Text, nullable=False),
    sa.Column("at", sa.BigInteger, nullable=False),
    sa.Column("rows", sa.Integer, nullable=False),
    sa.Column("loaded", sa.Integer, nullable=False),
    sa.Column("merged", sa.Integer, nullable=False),
    sa.Column("refused", sa.Integer, nullable=False),
    sa.Column("repaired", sa.Integer, nullable=False),
)
