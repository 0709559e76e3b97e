"""The table of requests that may be repeated: which body came under which key, for a while."""

import sqlalchemy as sa

from .base import METADATA

ingest_batches = sa.Table(
    "ingest_batches",
    METADATA,
    sa.Column("id", sa.Text, primary_key=True),  # 128 bits of the SHA-256 of who sent it and their key
    sa.Column("body", sa.Text, nullable=False),  # the same of what was sent
    sa.Column("at", sa.BigInteger, nullable=False, index=True),
)
