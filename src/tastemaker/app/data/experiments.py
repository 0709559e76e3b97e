"""Experiments: both arms, the lift with its always-valid interval day by day, guards, the sample ratio, the verdict."""

from collections.abc import Mapping, Sequence
from math import isfinite

import numpy as np

from ...data.arrays import Float64
from ...experiment import Plan, Report, always_valid, difference, mean_of
from ...experiment.report import report
from ...monitor import DAY
from ...store import Store
from ...store.experiments import Experiment, experiment, exposed, list_experiments
from ...store.outcomes import MEASURES, OWN, outcomes_of
from ...store.quality import Outcomes, read_outcomes
from .. import words
from .plot import Plot, Row, day_of, moment_of

POINTS = 60  # days at most that are drawn


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
        {words.COL_EXPERIMENT: e.id, words.CONTROL: e.control, words.TREATMENT: e.treatment, words.COL_SHARE: e.share,
         words.COL_METRIC: e.metric, words.COL_STATE: e.state, words.COL_BEGAN: moment_of(e.started_at),
         words.COL_ENDED: moment_of(e.ended_at), words.COL_WHY: e.reason}
        for e in found
    ]  # fmt: skip


def arm_rows(found: Report) -> list[Row]:
    return [
        {words.COL_ARM: name, words.COL_VERSION: arm.version, words.COL_USERS: arm.users,
         words.COL_FIGURE: round(arm.figure.value, 4) if isfinite(arm.figure.value) else None}
        for name, arm in ((words.CONTROL, found.control), (words.TREATMENT, found.treatment))
    ]  # fmt: skip


def guard_rows(found: Report) -> list[Row]:
    return [
        {
            words.COL_METRIC: g.guard.metric,
            words.COL_MAY_LOSE: str(g.guard.limit),
            words.COL_VALUE: _finite(g.interval.mean),
            words.COL_LOW: _finite(g.interval.low),
            words.COL_HIGH: _finite(g.interval.high),
            words.COL_STATE: words.BROKEN if g.broken else words.HOLDS,
        }
        for g in found.guards
    ]


def _finite(value: float) -> float | None:
    return round(value, 4) if isfinite(value) else None


def lift_plot(store: Store, found: Report) -> Plot | None:
    """The difference with its interval as it stood at the end of each day; None where it cannot be told by day."""
    rows = lift_rows(store, found)
    if not rows:
        return None
    share = found.measure.share
    return Plot(
        f"lift-{found.experiment.id}",
        words.LIFT_TITLE.format(metric=found.experiment.metric),
        "line",
        rows,
        "day",
        "lift",
        words.DAY_AXIS,
        words.LIFT_AXIS.format(unit=words.POINTS if share else found.experiment.metric),
        x_kind="time",
        low="low",
        high="high",
        level=0.0,
        level_title=words.NO_DIFFERENCE,
        tips=("users",),
    )


def lift_rows(store: Store, found: Report) -> list[Row]:
    """Of measures that are a ratio of what is recorded: whoever did nothing counts for nothing there."""
    e = found.experiment
    if MEASURES[e.metric].n is None:
        return []
    with store.read() as conn:
        seen = read_outcomes(conn, e.started_at, e.ended_at)
    seen = seen.where(seen.test == e.id)
    if not len(seen):
        return []
    ends = np.unique(seen.at // DAY * DAY + DAY)
    ends = ends[np.unique(np.linspace(0, len(ends) - 1, min(POINTS, len(ends))).astype(int))]
    plan, alpha = Plan(**e.settings["plan"]), float(e.settings["alpha"])
    by = 100.0 if MEASURES[e.metric].share else 1.0
    rows = (_at(seen.where(seen.at < end), e.metric, plan, alpha, by, int(end) - DAY) for end in ends)
    return [row for row in rows if row is not None]


def _at(seen: Outcomes, metric: str, plan: Plan, alpha: float, by: float, day: int) -> Row | None:
    arms = [mean_of(*_sums(seen.where(mask), metric)) for mask in (~seen.treatment, seen.treatment)]
    found = difference(*arms)
    if found.few or not found.points.se > 0:
        return None
    points = always_valid(found, (plan.se / found.points.se) ** 2, alpha).points
    users = arms[0].n + arms[1].n
    return {
        "day": day_of(day),
        "lift": by * points.mean,
        "low": by * points.low,
        "high": by * points.high,
        "users": users,
    }


def _sums(seen: Outcomes, metric: str) -> tuple[Float64, Float64]:
    """y and n of each user with something to measure: what `store.outcomes.MEASURES` sums in the database."""
    y, n = _terms(seen)[metric]
    users, at = np.unique(seen.user, return_inverse=True)
    top, below = (
        np.bincount(at, np.where(n > 0, column, 0.0), minlength=len(users)).astype(np.float64) for column in (y, n)
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
