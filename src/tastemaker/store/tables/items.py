"""The table of items: the catalog, one row an item, in the order in which items became known."""

import sqlalchemy as sa

from .base import JSON, METADATA

items = sa.Table(
    "items",
    METADATA,
    sa.Column("row", sa.Integer, primary_key=True, autoincrement=False),  # its position in the Catalog; never reused
    sa.Column("id", sa.Text, nullable=False, unique=True),
    sa.Column("title", sa.Text, nullable=False),
    sa.Column("columns", JSON, nullable=False),  # {"text": {}, "tags": {}, "categories": {}, "numbers": {}}
    sa.Column("available", sa.Boolean, nullable=False),
    sa.Column("digest", sa.Text, nullable=False),  # of title and columns
)
