"""The table of predictions and what became of them: one row an outcome that could be foretold."""

import sqlalchemy as sa

from .base import METADATA, SERIAL
from .events import events, users
from .items import items
from .slates import slates
from .versions import model_versions

recommendation_quality = sa.Table(
    "recommendation_quality",
    METADATA,
    sa.Column("id", SERIAL, primary_key=True),
    sa.Column("event", sa.ForeignKey(events.c.id), nullable=False, unique=True),  # an outcome is judged once
    sa.Column("user_row", sa.ForeignKey(users.c.row), nullable=False),
    sa.Column("item_row", sa.ForeignKey(items.c.row), nullable=False, index=True),
    sa.Column("version", sa.ForeignKey(model_versions.c.id), nullable=False),
    sa.Column("arm", sa.Text),  # of the experiment that ran then; null = none
    sa.Column("test", sa.Integer),  # that experiment
    sa.Column("slate", sa.ForeignKey(slates.c.id)),  # null = the item was not shown by us
    sa.Column("rank_shown", sa.Integer),  # 1 = first; null = not shown
    sa.Column("level", sa.Text, nullable=False),  # which level of the fallback chain predicted
    sa.Column("at", sa.BigInteger, nullable=False, index=True),  # when the outcome happened
    sa.Column("recorded_at", sa.BigInteger, nullable=False),
    sa.Column("known", sa.Integer, nullable=False),  # how many of the user's events were known then
    sa.Column("predicted", sa.Double),  # expected preference in [-1, 1]; null = the model could not say
    sa.Column("chance", sa.Double),  # predicted chance of a like
    sa.Column("actual", sa.Double, nullable=False),  # preference in [-1, 1]
    sa.Column("liked", sa.Boolean, nullable=False),
    sa.Column("error", sa.Double),  # predicted - actual
    sa.Column("correct", sa.Boolean),  # chance >= 1/2 equals liked
    sa.Column("place", sa.Double),  # share of the catalog that the version ranked above the item; 0 = first
)
sa.Index("ix_recommendation_quality_version_at", recommendation_quality.c.version, recommendation_quality.c.at)
