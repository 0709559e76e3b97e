"""What is active, since when, why and how well; traffic, fallback and coverage day by day; what rings."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import sqlalchemy as sa

from ...metrics import wilson
from ...monitor import DAY, Limits, Status, status
from ...store import Store
from ...store.outcomes import OWN
from ...store.quality import read_outcomes
from ...store.tables import events, items, slates
from .. import words
from .plot import Plot, Row, day_of, moment_of

DAYS = 60  # that are looked back on
EACH = 20  # outcomes a day, from which on a day is a point
LISTS = 2000  # latest lists in which shown items are counted


@dataclass(frozen=True)
class Traffic:
    """rows: a day each, with events, lists and the share of lists that a lower level answered

    coverage: share of the listed items that the latest lists showed; None = nothing was shown yet
    """

    rows: Sequence[Row]
    coverage: float | None
    lists: int


def look(store: Store, now: int) -> Status:
    return status(store, now)


def traffic(store: Store, now: int) -> Traffic:
    since = now // DAY * DAY - (DAYS - 1) * DAY
    e, s, n = events.c, slates.c, sa.func.count()
    with store.read() as conn:
        day = e.time - e.time % DAY
        happened = dict(map(tuple, conn.execute(sa.select(day, n).where(~e.synthetic, e.time >= since).group_by(day))))
        day = s.at - s.at % DAY
        lower = sa.func.sum(sa.case((s.level.in_(OWN), 0), else_=1))
        shown = {d: (k, low) for d, k, low in conn.execute(sa.select(day, n, lower).where(s.at >= since).group_by(day))}
        latest = conn.scalars(sa.select(s["items"]).order_by(s.id.desc()).limit(LISTS)).all()
        listed = conn.scalar(sa.select(n).select_from(items).where(items.c.available)) or 0
    days = range(since, now + 1, DAY)
    rows = [
        {"day": day_of(d), "events": happened.get(d, 0), "lists": shown.get(d, (0, 0))[0],
         "fallback": shown[d][1] / shown[d][0] if shown.get(d, (0, 0))[0] else None}
        for d in days
    ]  # fmt: skip
    seen = {id_ for each in latest for id_ in each}
    return Traffic(rows, len(seen) / listed if latest and listed else None, len(latest))


def accuracy_by_day(store: Store, now: int) -> list[Row]:
    """Of the last days, all versions: how often the foretold like came true; by week where few outcomes come a day."""
    with store.read() as conn:
        found = read_outcomes(conn, now - DAYS * DAY, now)
    said = found.where(found.said)
    width = DAY if len(said) >= EACH * DAYS else 7 * DAY
    first = now // DAY * DAY + DAY - -(-DAYS * DAY // width) * width
    begins = (said.at - first) // width * width + first
    rows: list[Row] = []
    for begin in np.unique(begins).tolist():
        right = said.correct[begins == begin]
        sure = wilson(float(right.sum()), len(right))
        rows.append(
            {"day": day_of(begin), "accuracy": sure.mean, "low": sure.low, "high": sure.high, "outcomes": len(right)}
        )
    return rows


def traffic_plot(found: Traffic) -> Plot:
    rows = [
        {"day": row["day"], "what": what, "n": row[key]}
        for row in found.rows
        for key, what in (("events", words.TRAFFIC_EVENTS), ("lists", words.TRAFFIC_LISTS))
    ]
    return Plot(
        "traffic", words.TRAFFIC_TITLE.format(days=DAYS), "line", rows, "day", "n", words.DAY_AXIS, words.COUNT_AXIS,
        x_kind="time", series="what",
    )  # fmt: skip


def accuracy_plot(rows: Sequence[Row], limits: Limits) -> Plot:
    return Plot(
        "accuracy",
        words.ACCURACY_TITLE.format(days=DAYS),
        "line",
        rows,
        "day",
        "accuracy",
        words.DAY_AXIS,
        words.ACCURACY_AXIS,
        x_kind="time",
        level=limits.min_accuracy,
        level_title=words.LIMIT,
        percent=True,
        low="low",
        high="high",
        tips=("outcomes",),
    )


def decision_rows(found: Status) -> list[dict[str, Any]]:
    """The newest first."""
    return [
        {words.COL_WHEN: moment_of(d["at"]), words.COL_WHAT: d["what"], words.COL_VERSION: d["version"],
         words.COL_WHY: d["reason"]}
        for d in reversed(found.decisions)
    ]  # fmt: skip
