"""What is active, since when, why and how well; traffic, fallback and coverage day by day; what rings."""

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Any

import numpy as np
import sqlalchemy as sa

from ...monitor import DAY, Limits, Status, status
from ...store import Store
from ...store.outcomes import OWN
from ...store.quality import read_outcomes
from ...store.tables import events, items, slates
from .. import words
from .plot import Plot, Row, day_of, moment_of
from .quality import share_of

DAYS = 60  # that are looked back on
EACH = 20  # outcomes a day, from which on a day is a point
LISTS = 2000  # latest lists in which shown items are counted


@dataclass(frozen=True)
class Traffic:
    """
    rows: a day each, with events, lists, the share of lists that a lower level answered, and the share of the items
          that can be shown which were on the day's lists; None = no list
    coverage: share of the items that can be shown which the latest lists showed; None = nothing was shown yet
    lists: how many of them were looked at
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
        latest = conn.execute(sa.select(s.at, s["items"]).order_by(s.id.desc()).limit(LISTS)).all()
        listed = set(conn.scalars(sa.select(items.c.id).where(items.c.available)))
    rows = [
        {"day": day_of(d), "events": happened.get(d, 0), "lists": shown.get(d, (0, 0))[0],
         "fallback": shown[d][1] / shown[d][0] if shown.get(d, (0, 0))[0] else None,
         "coverage": _covered([ids for at, ids in latest if at - at % DAY == d], listed)}
        for d in range(since, now + 1, DAY)
    ]  # fmt: skip
    return Traffic(rows, _covered([ids for _, ids in latest], listed), len(latest))


def _covered(lists: Sequence[Sequence[str]], listed: AbstractSet[str]) -> float | None:
    """Share of the items that can be shown now which are on these lists; None without any."""
    return len(listed & set().union(*lists)) / len(listed) if lists and listed else None


def accuracy_by_day(store: Store, now: int) -> list[Row]:
    """Of the last days, all versions: how often the foretold like came true; by week where few outcomes come a day."""
    with store.read() as conn:
        found = read_outcomes(conn, now - DAYS * DAY, now, only=("at", "user", "chance", "liked"))
    said = found.where(found.said)
    width = DAY if len(said) >= EACH * DAYS else 7 * DAY
    first = now // DAY * DAY + DAY - -(-DAYS * DAY // width) * width
    begins = (said.at - first) // width * width + first
    rows: list[Row] = []
    for begin in np.unique(begins).tolist():
        mine = said.where(begins == begin)
        sure = share_of(mine.correct, mine.user)
        rows.append(
            {"day": day_of(begin), "accuracy": sure.mean, "low": sure.low, "high": sure.high, "outcomes": len(mine)}
        )
    return rows


def traffic_plots(found: Traffic) -> list[Plot]:
    """Events and lists, each on a scale of its own; those of which there are any."""
    named = {"events": words.TRAFFIC_EVENTS, "lists": words.TRAFFIC_LISTS}
    return [
        Plot(key, words.TRAFFIC_TITLE.format(what=what, days=DAYS), "bar", found.rows, "day", key, words.DAY_AXIS,
             words.COUNT_AXIS, x_kind="time")
        for key, what in named.items() if any(row[key] for row in found.rows)
    ]  # fmt: skip


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
