"""Experiments: both arms, the lift with its always-valid interval day by day, guards, the sample ratio, the verdict."""

from collections.abc import Mapping, Sequence
from math import isfinite
from typing import Any, NamedTuple

import numpy as np
import sqlalchemy as sa

from ...data.arms import TREATMENT
from ...data.arrays import Bool, Float64, Int64
from ...experiment import Report, always_valid, difference, mean_of
from ...experiment.guards import Guarded
from ...experiment.report import report
from ...metrics.ratio import Mean
from ...monitor import DAY
from ...store import Store
from ...store.experiments import Experiment, experiment, exposed, list_experiments
from ...store.outcomes import MEASURES, OWN, outcomes_of
from ...store.quality import Outcomes, read_outcomes
from ...store.tables import ab_assignments, users
from .. import words
from .plot import Plot, Row, day_of, moment_of

POINTS = 60  # days at most that are drawn
a = ab_assignments.c


def all_of(store: Store) -> list[Experiment]:
    """Newest first."""
    with store.read() as conn:
        return list_experiments(conn)[::-1]


def look(store: Store, id_: int) -> Report:
    """Its figures; unlike `experiment.look`, a broken guard ends nothing here."""
    with store.read() as conn:
        chosen = experiment(conn, id_)
        return report(chosen, outcomes_of(conn, id_, chosen.started_at), exposed(conn, id_))


def rows_of(found: Sequence[Experiment]) -> list[Row]:
    return [
        {words.COL_EXPERIMENT: e.id, words.CONTROL: e.control, words.TREATMENT: e.treatment,
         words.COL_SHARE: f"{e.share:.0%}", words.COL_METRIC: MEASURES[e.metric].says,
         words.COL_STATE: e.state, words.COL_BEGAN: moment_of(e.started_at),
         words.COL_ENDED: moment_of(e.ended_at), words.COL_WHY: e.reason}
        for e in found
    ]  # fmt: skip


def arm_rows(found: Report) -> list[Row]:
    return [
        {words.COL_ARM: name, words.COL_VERSION: arm.version, words.COL_USERS: f"{arm.users:,}",
         found.measure.says: _said(arm.figure.value, found.measure.share)}
        for name, arm in ((words.CONTROL, found.control), (words.TREATMENT, found.treatment))
    ]  # fmt: skip


def guard_rows(found: Report) -> list[Row]:
    return [_guard_row(g) for g in found.guards]


def _guard_row(g: Guarded) -> Row:
    """In percent of the control's figure where the limit is, else in the measure's own units."""
    share, i = g.guard.limit.relative or MEASURES[g.guard.metric].share, g.interval
    return {
        words.COL_METRIC: MEASURES[g.guard.metric].says,
        words.COL_MAY_LOSE: str(g.guard.limit),
        words.COL_AGAINST: _said(i.mean, share, "+"),
        words.COL_SURE: f"{_said(i.low, share, '+')} to {_said(i.high, share, '+')}",
        words.COL_STATE: words.BROKEN if g.broken else words.HOLDS,
    }


def _said(value: float, share: bool, sign: str = "") -> str:
    return "–" if not isfinite(value) else f"{value:{sign}.1%}" if share else f"{value:{sign}.3g}"


def lift_plot(store: Store, found: Report) -> Plot | None:
    """The difference with its interval as it stood at the end of each day; None where it cannot be told by day."""
    rows = lift_rows(store, found)
    if not rows:
        return None
    share = found.measure.share
    return Plot(
        f"lift-{found.experiment.id}",
        words.LIFT_TITLE.format(metric=found.measure.says),
        "line",
        rows,
        "day",
        "lift",
        words.DAY_AXIS,
        words.LIFT_AXIS.format(unit=words.POINTS if share else found.measure.says),
        x_kind="time",
        low="low",
        high="high",
        level=0.0,
        level_title=words.NO_DIFFERENCE,
        tips=("users",),
    )


def lift_rows(store: Store, found: Report) -> list[Row]:
    """The difference as it was known at the end of each day, from what had been recorded by then."""
    e = found.experiment
    with store.read() as conn:
        seen = read_outcomes(conn, e.started_at, e.ended_at)
        dealt = conn.execute(sa.select(users.c.row, a.arm, a.at).outerjoin_from(
            ab_assignments, users, users.c.id == a.user).where(a.test == e.id)).all()  # fmt: skip
    seen = seen.where(seen.test == e.id)
    if not len(seen):
        return []
    met = _met(seen, dealt)
    ends = np.unique(seen.at // DAY * DAY + DAY)
    ends = ends[np.unique(np.linspace(0, len(ends) - 1, min(POINTS, len(ends))).astype(int))]
    days = ((int(end) - DAY, _arms(seen.where(seen.at < end), met, int(end), e.metric)) for end in ends)
    rows = (_at(day, control, treatment, found) for day, (control, treatment) in days)
    return [row for row in rows if row is not None]


class Met(NamedTuple):
    """Who met the experiment: row in the database, -1 = nothing was heard of them; when first, UTC seconds."""

    user: Int64
    treated: Bool
    at: Int64


def _met(seen: Outcomes, dealt: Sequence[Any]) -> Met:
    """Those who were dealt, and those of whom only outcomes are known."""
    rows = [(-1 if row is None else row, arm == TREATMENT, at) for row, arm, at in dealt]
    known = {row for row, _, _ in rows}
    user, first = np.unique(seen.user, return_index=True)
    rows += [
        (int(u), bool(seen.treatment[k]), int(seen.at[k])) for u, k in zip(user, first, strict=True) if u not in known
    ]
    columns = [np.array(column) for column in zip(*rows, strict=True)]
    return Met(columns[0].astype(np.int64), columns[1].astype(bool), columns[2].astype(np.int64))


def _arms(seen: Outcomes, met: Met, end: int, metric: str) -> tuple[Mean, Mean]:
    """Both arms' figures at that moment."""
    if MEASURES[metric].n is not None:  # whoever did nothing counts for nothing here
        control, treatment = (mean_of(*_sums(seen.where(mask), metric)) for mask in (~seen.treatment, seen.treatment))
        return control, treatment
    did = _counted(seen)[metric]
    total = dict(zip(*np.unique(seen.user[did], return_counts=True), strict=True))
    y = np.array([total.get(user, 0) for user in met.user], np.float64)
    there = (met.at < end) | np.isin(met.user, seen.user)
    return mean_of(y[there & ~met.treated], None), mean_of(y[there & met.treated], None)


def _counted(seen: Outcomes) -> Mapping[str, Bool]:
    """The outcomes that measures of one a user count."""
    return {"likes": seen.liked, "hits": seen.liked & (seen.rank_shown > 0), "outcomes": np.ones(len(seen), bool)}


def _at(day: int, control: Mean, treatment: Mean, found: Report) -> Row | None:
    lift = difference(control, treatment)
    if lift.few or not lift.points.se > 0:
        return None
    alpha, by = float(found.experiment.settings["alpha"]), 100.0 if found.measure.share else 1.0
    points = always_valid(lift, (found.plan.se / lift.points.se) ** 2, alpha).points
    ends = {"lift": by * points.mean, "low": by * points.low, "high": by * points.high}
    return {"day": day_of(day), **ends, "users": control.n + treatment.n}


def _sums(seen: Outcomes, metric: str) -> tuple[Float64, Float64]:
    """y and n of each user with something to measure: what `store.outcomes.MEASURES` sums in the database."""
    y, n = _terms(seen)[metric]
    who, at = np.unique(seen.user, return_inverse=True)
    top, below = (
        np.bincount(at, np.where(n > 0, column, 0.0), minlength=len(who)).astype(np.float64) for column in (y, n)
    )
    return top[below > 0], below[below > 0]


def _terms(seen: Outcomes) -> Mapping[str, tuple[Float64, Float64]]:
    one = np.ones(len(seen))
    error = np.abs(seen.predicted - seen.actual)
    placed = seen.liked & ~np.isnan(seen.place)
    lower = ~np.isin(seen.level.astype(str), OWN)
    return {
        "like_accuracy": (seen.correct.astype(float), seen.said.astype(float)),
        "like_rate": (seen.liked.astype(float), one),
        "error": (np.nan_to_num(error), (~np.isnan(error)).astype(float)),
        "place": (np.nan_to_num(seen.place), placed.astype(float)),
        "fallback": (lower.astype(float), one),
    }


def measures() -> dict[str, str]:
    """name -> what it says."""
    return {name: measure.says for name, measure in MEASURES.items()}
