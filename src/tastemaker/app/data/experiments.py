"""Experiments: both arms, the lift with its always-valid interval day by day, guards, the sample ratio, the verdict."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import pairwise
from math import isfinite
from typing import Any, NamedTuple

import numpy as np
import sqlalchemy as sa

from ...data.arms import TREATMENT
from ...data.arrays import Bool, Float64, Int64
from ...experiment import Report, always_valid, difference, mean_of
from ...experiment.guards import Guarded
from ...experiment.report import measured, report
from ...metrics.ratio import Mean
from ...monitor import DAY
from ...store import Store
from ...store.experiments import Experiment, experiment, exposed, list_experiments
from ...store.outcomes import MEASURES, OWN, UNSURE, outcomes_of
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
        seen = outcomes_of(conn, id_, chosen.started_at, measured(chosen))
        return report(chosen, seen, exposed(conn, id_))


class Looked(NamedTuple):
    report: Report
    plot: Plot | None


def look_by_day(store: Store, id_: int) -> Looked:
    """Its figures and their picture."""
    found = look(store, id_)
    return Looked(found, lift_plot(store, found))


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
        seen = read_outcomes(
            conn, e.started_at, e.ended_at, only=("test", "at", "user", "treatment", *NEEDED[e.metric])
        )
        dealt = conn.execute(sa.select(users.c.row, a.arm, a.at).outerjoin_from(
            ab_assignments, users, users.c.id == a.user).where(a.test == e.id)).all()  # fmt: skip
    seen = seen.where(seen.test == e.id)
    if not len(seen):
        return []
    ends = np.unique(seen.at // DAY * DAY + DAY)
    ends = ends[np.unique(np.linspace(0, len(ends) - 1, min(POINTS, len(ends))).astype(int))]
    by_day = _shares(seen, ends, e.metric) if e.metric in TERMS else _counts(seen, ends, _met(seen, dealt), e.metric)
    rows = (_at(int(end) - DAY, *arms, found) for end, arms in zip(ends, by_day, strict=True))
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


def _shares(seen: Outcomes, ends: Int64, metric: str) -> Iterator[tuple[Mean, Mean]]:
    """Both arms' figures at the end of each day; whoever did nothing counts for nothing here."""
    y, n = TERMS[metric](seen)
    who, at = np.unique(seen.user * 2 + seen.treatment, return_inverse=True)
    top, below, treated = np.zeros(len(who)), np.zeros(len(who)), who % 2 == 1
    for new in _parts(seen, ends):
        top += np.bincount(at[new], np.where(n[new] > 0, y[new], 0.0), minlength=len(who))
        below += np.bincount(at[new], n[new], minlength=len(who))
        control, treatment = (mask & (below > 0) for mask in (~treated, treated))
        yield mean_of(top[control], below[control]), mean_of(top[treatment], below[treatment])


def _counts(seen: Outcomes, ends: Int64, met: Met, metric: str) -> Iterator[tuple[Mean, Mean]]:
    """The same of measures of one a user: also of those who did nothing."""
    did, place = COUNTED[metric](seen), np.argsort(met.user, kind="stable")
    at = place[np.searchsorted(met.user[place], seen.user)]
    total, heard = np.zeros(len(met.user)), np.zeros(len(met.user), bool)
    for end, new in zip(ends, _parts(seen, ends), strict=True):
        total += np.bincount(at[new], did[new], minlength=len(total))
        heard[at[new]] = True
        there = (met.at < end) | heard
        yield mean_of(total[there & ~met.treated], None), mean_of(total[there & met.treated], None)


def _parts(seen: Outcomes, ends: Int64) -> Iterator[slice]:
    """What is new by each end; outcomes come in time."""
    cuts = [0, *np.searchsorted(seen.at, ends).tolist()]
    return (slice(begin, end) for begin, end in pairwise(cuts))


def _at(day: int, control: Mean, treatment: Mean, found: Report) -> Row | None:
    lift = difference(control, treatment)
    if lift.few or not lift.points.se > 0:
        return None
    alpha, by = float(found.experiment.settings["alpha"]), 100.0 if found.measure.share else 1.0
    points = always_valid(lift, (found.plan.se / lift.points.se) ** 2, alpha).points
    ends = {"lift": by * points.mean, "low": by * points.low, "high": by * points.high}
    return {"day": day_of(day), **ends, "users": control.n + treatment.n}


def _surprise(seen: Outcomes) -> Float64:
    """-log of the chance that was given to what happened; 0 where none was."""
    given = np.where(seen.liked, seen.chance, 1.0 - seen.chance)
    surprise: Float64 = -np.log(np.maximum(np.nan_to_num(given, nan=1.0), UNSURE))
    return surprise


def _error(seen: Outcomes) -> Float64:
    error: Float64 = np.abs(seen.predicted - seen.actual)
    return error


def _told(values: Float64) -> Float64:
    return np.where(np.isnan(values), 0.0, 1.0)


Terms = Callable[[Outcomes], tuple[Float64, Float64]]
# y and n of each outcome: what `store.outcomes.MEASURES` sums in the database
TERMS: Mapping[str, Terms] = {
    "like_accuracy": lambda o: (o.correct.astype(float), o.said.astype(float)),
    "like_rate": lambda o: (o.liked.astype(float), np.ones(len(o))),
    "error": lambda o: (np.nan_to_num(_error(o)), _told(_error(o))),
    "squared_error": lambda o: (np.nan_to_num(_error(o) ** 2), _told(_error(o))),
    "log_loss": lambda o: (_surprise(o), _told(o.chance)),
    "place": lambda o: (np.nan_to_num(o.place), o.liked * _told(o.place)),
    "fallback": lambda o: ((~np.isin(o.level.astype(str), OWN)).astype(float), np.ones(len(o))),
}
COUNTED: Mapping[str, Callable[[Outcomes], Bool]] = {  # of one a user: the outcomes that count
    "likes": lambda o: o.liked,
    "hits": lambda o: o.liked & (o.rank_shown > 0),
    "outcomes": lambda o: np.ones(len(o), bool),
}
NEEDED: Mapping[str, tuple[str, ...]] = {  # the columns that each looks at
    "like_accuracy": ("chance", "liked"), "like_rate": ("liked",), "error": ("predicted", "actual"),
    "squared_error": ("predicted", "actual"), "log_loss": ("chance", "liked"), "place": ("place", "liked"),
    "fallback": ("level",), "likes": ("liked",), "hits": ("liked", "rank_shown"), "outcomes": (),
}  # fmt: skip


def measures() -> dict[str, str]:
    """name -> what it says."""
    return {name: measure.says for name, measure in MEASURES.items()}
