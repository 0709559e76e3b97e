"""The table of API keys: who may ask the service what; the secret itself is nowhere."""

import sqlalchemy as sa

from .base import JSON, METADATA

api_keys = sa.Table(
    "api_keys",
    METADATA,
    sa.Column("id", sa.Text, primary_key=True),  # the public half of the key
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("digest", sa.Text, nullable=False),  # SHA-256 of the secret half, which is 256 random bits
    sa.Column("scopes", JSON, nullable=False),
    sa.Column("rate", sa.Double),  # requests a second; null = the service's default
    sa.Column("created_at", sa.BigInteger, nullable=False),
    sa.Column("revoked_at", sa.BigInteger),
)
