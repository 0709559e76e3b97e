"""What each user did, summed up for experiments, from the predictions and what became of them."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import sqlalchemy as sa

from ..data.arms import TREATMENT
from ..data.arrays import Bool, Float64
from .tables import ab_assignments, events, recommendation_quality, users

q = recommendation_quality.c
Sum = sa.ColumnElement[Any]
DAY = 86_400
UNSURE = 1e-6  # chances are kept so far from 0 before a logarithm is taken, as metrics.foretelling does
OWN = ("active", "asked", "challenger")  # levels of the version itself


@dataclass(frozen=True)
class Measure:
    """y over n, summed over users; n None = 1 a user. higher: is more better? share: is it between 0 and 1?"""

    says: str
    y: Sum
    n: Sum | None
    higher: bool = True
    share: bool = False


@dataclass(frozen=True)
class UserSums:
    """y, n: measure -> (users,) sums, n None = 1 each; before_*: the same users before it began, whatever they did in
    it: a past that is known of those who act alone would depend on the treatment."""

    users: tuple[str, ...]
    treatment: Bool
    y: Mapping[str, Float64]
    n: Mapping[str, Float64 | None]
    before_y: Mapping[str, Float64]
    before_n: Mapping[str, Float64 | None]


def _how_often(condition: Sum) -> Sum:
    return sa.func.sum(sa.case((condition, 1.0), else_=0.0))


def _there(value: Sum, where: Sum) -> Sum:
    return sa.func.sum(sa.case((where, value), else_=0.0))


_actual = sa.case((q.liked, q.chance), else_=1.0 - q.chance)  # the chance that was given to what happened
_surprise = -sa.func.ln(sa.case((_actual < UNSURE, UNSURE), else_=_actual))
_placed = q.liked & q.place.is_not(None)
MEASURES: Mapping[str, Measure] = {
    "like_accuracy": Measure("outcomes foretold rightly", _how_often(q.correct.is_(True)),
                             _how_often(q.correct.is_not(None)), share=True),
    "like_rate": Measure("likes per outcome", _how_often(q.liked), sa.func.count() * 1.0, share=True),
    "likes": Measure("likes per user", _how_often(q.liked), None),
    "hits": Measure("likes per user of what we had shown", _how_often(q.liked & q.rank_shown.is_not(None)), None),
    "outcomes": Measure("outcomes per user", sa.func.count() * 1.0, None),
    "error": Measure("mean absolute error of the prediction", _there(sa.func.abs(q.error), q.error.is_not(None)),
                     _how_often(q.error.is_not(None)), higher=False),
    "squared_error": Measure("mean squared error of the prediction", _there(q.error * q.error, q.error.is_not(None)),
                             _how_often(q.error.is_not(None)), higher=False),
    "log_loss": Measure("log loss of the predicted like", _there(_surprise, q.chance.is_not(None)),
                        _how_often(q.chance.is_not(None)), higher=False),
    "place": Measure("share of the catalog ranked above a liked item", _there(q.place, _placed), _how_often(_placed),
                     higher=False, share=True),
    "fallback": Measure("outcomes that a lower level had to predict", _how_often(q.level.not_in(OWN)),
                        sa.func.count() * 1.0, higher=False, share=True),
}  # fmt: skip


def outcomes_of(
    conn: sa.Connection, test: int, started_at: int, measures: Collection[str] = tuple(MEASURES)
) -> UserSums:
    """Everybody who met the experiment, also those of whom nothing has been heard: they did 0 of what is counted.

    measures: names of those that will be looked at
    """
    dealt = {row.user: row.arm for row in conn.execute(sa.select(ab_assignments).where(ab_assignments.c.test == test))}
    mine = q.test == test
    during = _sums(conn, mine, measures)
    arms = sa.select(users.c.id, sa.func.max(q.arm).label("arm")).join(users, users.c.row == q.user_row)
    for row in conn.execute(arms.where(mine, q.arm.is_not(None)).group_by(users.c.id)):
        dealt.setdefault(row.id, row.arm)
    assigned = sa.select(ab_assignments.c.user).where(ab_assignments.c.test == test)
    met = sa.or_(users.c.id.in_(assigned), q.user_row.in_(sa.select(q.user_row).where(mine)))
    before = _sums(conn, (q.at < started_at) & met, measures)
    who = tuple(sorted(dealt))
    y, n = _columns(during, who, measures)
    before_y, before_n = _columns(before, who, measures)
    return UserSums(who, np.array([dealt[user] == TREATMENT for user in who], bool), y, n, before_y, before_n)


def past_of(conn: sa.Connection, measure: str, version: int | None, days: int) -> tuple[Float64, Float64 | None]:
    """Sums of users (users,) in the last `days` that outcomes are known of; of one version's predictions, or of all."""
    last = conn.scalar(sa.select(sa.func.max(q.at)))
    if last is None:
        return np.zeros(0), None if MEASURES[measure].n is None else np.zeros(0)
    where = q.at > last - days * DAY
    found = _sums(conn, where if version is None else where & (q.version == version), (measure,))
    y, n = _columns(found, found.users, (measure,))
    below = n[measure]
    if below is None:
        return y[measure], None
    return y[measure][below > 0], below[below > 0]


def daily_users(conn: sa.Connection, days: int) -> float:
    """New real users a day: how many different ones came in the last `days` that events are known of, a day."""
    late = events.c.time > events.c.received_at  # a sender's clock that runs ahead
    happened = sa.case((late, events.c.received_at), else_=events.c.time)
    last = conn.scalar(sa.select(sa.func.max(happened)).where(~events.c.synthetic))
    if last is None:
        return 0.0
    recent = (happened > last - days * DAY) & ~events.c.synthetic
    return float(conn.scalar(sa.select(sa.func.count(events.c.user_row.distinct())).where(recent)) or 0) / days


@dataclass(frozen=True)
class _Sums:
    """users: their ids; by: label -> (users,) sums"""

    users: tuple[str, ...]
    by: Mapping[str, Float64]


def _sums(conn: sa.Connection, where: Sum, measures: Collection[str]) -> _Sums:
    """Of each user; read and kept by column, since there may be many."""
    asked = {name: MEASURES[name] for name in measures}
    columns = {f"{name}_y": m.y for name, m in asked.items()}
    columns |= {f"{name}_n": m.n for name, m in asked.items() if m.n is not None}
    chosen = sa.select(users.c.id, *columns.values()).join(users, users.c.row == q.user_row).where(where)
    found = conn.execute(chosen.group_by(users.c.row, users.c.id).order_by(users.c.id)).all()
    ids, *sums = zip(*found, strict=True) if found else [()] * (1 + len(columns))
    said = (np.nan_to_num(np.array(column, np.float64)) for column in sums)  # None -> NaN -> 0
    return _Sums(tuple(ids), dict(zip(columns, said, strict=True)))


def _columns(
    found: _Sums, who: tuple[str, ...], measures: Collection[str]
) -> tuple[dict[str, Float64], dict[str, Float64 | None]]:
    """Those of these users, 0 where nothing is known of one."""
    place = {user: k for k, user in enumerate(found.users)}
    at = np.array([place.get(user, -1) for user in who], np.int64)
    by = {label: np.append(column, 0.0)[at] for label, column in found.by.items()}  # -1: the 0 that was put last
    return {name: by[f"{name}_y"] for name in measures}, {name: by.get(f"{name}_n") for name in measures}
