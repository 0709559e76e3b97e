"""Alarms: what the active version must not let happen, each with its value, its limit, its sample and what to do."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from ..metrics import Interval, difference, effective, wilson
from ..store.quality import Outcomes, read_outcomes
from ..store.versions import ModelVersion, active_version, list_activations
from .drift import Drift, drifts
from .limits import DAY, Limits

LATEST = 0.98  # level of the intervals of the latest outcomes: several are looked at
FEW_USERS = 5  # below which a drop may be one user's taste
RETRAIN = "tastemaker retrain"
JUDGED = ("at", "user", "chance", "liked")  # columns of the outcomes that an alarm looks at


@dataclass(frozen=True)
class Alarm:
    """check: accuracy, drop, items drift, grades drift, newcomers drift or age; value and limit: in the unit of the
    sentence; sample: how many outcomes it rests on; advice: what to do"""

    check: str
    value: float
    limit: float
    sample: int
    advice: str
    version: int
    says: str

    def __str__(self) -> str:
        return self.says


def alarms(conn: sa.Connection, limits: Limits, now: int, drifted: Sequence[Drift] | None = None) -> list[Alarm]:
    """Those that ring at `now`, UTC seconds, for the active version. drifted: what `drifts` found, None = look."""
    version = active_version(conn)
    if version is None:
        return []
    began = next((row["at"] for row in list_activations(conn) if row["version"] == version.id), now)
    ends = began + limits.first_days * DAY
    first = read_outcomes(conn, began, min(ends, now), version.id, JUDGED)
    window = read_outcomes(conn, now - limits.window_days * DAY, now, version.id, JUDGED)
    later = window.where(window.at > ends)
    ringing = [accuracy_alarm(version.id, window, limits), drop_alarm(version.id, first, later, limits)]
    drifted = drifts(conn, version, limits, now) if drifted is None else drifted
    ringing += [*_drifted(version, limits, drifted), _age(version, limits, now)]
    return [alarm for alarm in ringing if alarm is not None]


def accuracy_alarm(version: int, window: Outcomes, limits: Limits) -> Alarm | None:
    """Surely under the limit: in the whole window, or among the latest outcomes, so that the good weeks before a fault
    do not outweigh it.

    Wilson's interval of independent outcomes, since a project may have a single user.
    """
    right = window.correct[window.said]
    n, level = len(right), 0.95
    while n >= limits.min_outcomes:
        found = wilson(float(right[len(right) - n :].sum()), n, level)
        if found.high < limits.min_accuracy:
            part = f"the last {n} outcomes" if level == LATEST else f"{n} outcomes in {limits.window_days} days"
            return Alarm(
                "accuracy", found.mean, limits.min_accuracy, n,
                f"Look at what came in, then go back (tastemaker rollback) or learn anew ({RETRAIN})", version,
                f"version {version} was right in {found.mean:.1%} (at most {found.high:.1%}) of {part}; "
                f"limit {limits.min_accuracy:.0%}",
            )  # fmt: skip
        n, level = _shorter(n, limits.min_outcomes), LATEST
    return None


def _shorter(n: int, least: int) -> int:
    """The next smaller of least · 2^k; 0 = none."""
    size = least
    while size * 2 < n:
        size *= 2
    return size if size < n else 0


def drop_alarm(version: int, first: Outcomes, later: Outcomes, limits: Limits) -> Alarm | None:
    """Surely more than `drop` points lost between two times, with intervals that allow for users who differ."""
    a, b = _sure(first, limits), _sure(later, limits)
    if a is None or b is None:
        return None
    lost = difference(a, b)
    if 100.0 * lost.low <= limits.drop:
        return None
    n = int(later.said.sum())
    return Alarm(
        "drop", 100.0 * lost.mean, limits.drop, n, f"Learn from what is new: {RETRAIN}", version,
        f"version {version} was right in {b.mean:.1%} of {n} outcomes, after {a.mean:.1%} in its first "
        f"{limits.first_days} days: {100 * lost.mean:.1f} points lost, surely more than {limits.drop:g}",
    )  # fmt: skip


def _sure(found: Outcomes, limits: Limits) -> Interval | None:
    """Accuracy with the interval of as many independent outcomes as these are worth; None where they are too few."""
    found = found.where(found.said)
    if len(found) < limits.min_outcomes or len(set(found.user.tolist())) < FEW_USERS:
        return None
    n = effective(found.correct, found.user)
    return wilson(float(found.correct.mean()) * n, n)


def _drifted(version: ModelVersion, limits: Limits, found: Sequence[Drift]) -> Iterator[Alarm]:
    for drift in found:
        if drift.value > limits.drift + drift.by_chance:
            yield Alarm(
                f"{drift.what} drift", drift.value, limits.drift, drift.n, f"Learn from what is new: {RETRAIN}",
                version.id,
                f"{drift.what} changed since version {version.id} learned: stability index {drift.value:.2f}, limit "
                f"{limits.drift:g}, on {drift.n} events of {drift.users} users ({drift.most})",
            )  # fmt: skip


def _age(version: ModelVersion, limits: Limits, now: int) -> Alarm | None:
    """Version 0 learned nothing that could age."""
    days = (now - version.created_at) / DAY
    if version.parent is None or not limits.max_age_days or days <= limits.max_age_days:
        return None
    return Alarm(
        "age", days, float(limits.max_age_days), 0, f"Learn from what is new: {RETRAIN}", version.id,
        f"version {version.id} is {days:.0f} days old; limit {limits.max_age_days}",
    )  # fmt: skip
