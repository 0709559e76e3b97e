"""Is it time to learn again, and why: alarms, age, enough that is new."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from .. import store as database
from ..monitor import Alarm
from ..recipe import Recipe
from ..store import ModelVersion
from ..store.experiments import running

FAILURES = ("accuracy", "drop")
EVER = 1_000_000  # decisions
MOST_WAITED = 64  # times min_events, however often a candidate was rejected
GROWN = 10  # or a tenth of all events, where that is more: what adds less to them seldom changes what is learned


@dataclass(frozen=True)
class Trigger:
    """wanted: shall a model be learned now? why (not): a sentence; new: new events

    failed: an alarm says that what is foretold is wrong, so the present settings failed; age and drift are not their
    fault
    """

    wanted: bool
    why: str
    failed: bool
    new: int


def trigger(
    conn: Connection, recipe: Recipe, active: ModelVersion | None, alarms: Sequence[Alarm], force: bool
) -> Trigger:
    """Weigh what speaks for it.

    Whatever does, a training needs `min_events` that are new since the last one was tried; after each that was in vain
    twice as many, so that an alarm which learning cannot mend does not train all day.
    """
    real = database.count_events(conn).real
    tried, vain = _tried(conn)
    new = real - tried
    test = running(conn)
    if test is not None and not force:
        return Trigger(False, f"experiment {test.id} is running, and decides first", False, new)
    reason, failed = _reason(recipe, active, alarms, new, real)
    if force:
        return Trigger(True, "asked for by hand" + (f"; {reason}" if reason else ""), failed, new)
    if not reason:
        return Trigger(False, "no alarm, and nothing else speaks for it", False, new)
    least = recipe.retrain.min_events
    needed = least if not vain else min(least * 2**vain, max(least * MOST_WAITED, real // GROWN))
    if new < needed:
        after = f", after {vain} in vain" if vain else ""
        few = f"only {new} events are new since the last training (needed: {needed}{after})"
        return Trigger(False, f"{reason}; but {few}", failed, new)
    return Trigger(True, reason, failed, new)


def _reason(
    recipe: Recipe, active: ModelVersion | None, alarms: Sequence[Alarm], new: int, real: int
) -> tuple[str, bool]:
    if alarms:
        failed = any(alarm.check in FAILURES for alarm in alarms)
        return "alarm: " + "; ".join(str(alarm) for alarm in alarms), failed
    learns = any(model.learns == "events" for model in recipe.models.values())
    if learns and real and (active is None or not active.events_real):
        return f"{real} real events, and the active version has learned from none", False
    if recipe.retrain.new_events and new >= recipe.retrain.new_events:
        return f"{new} new events (new_events is {recipe.retrain.new_events})", False
    return "", False


def _tried(conn: Connection) -> tuple[int, int]:
    """How many real events there were at the last training, and how many in a row ended without a new version."""
    tried = ("trained", "retrained", "rejected")
    found = [d for d in database.list_decisions(conn, EVER) if d["what"] in tried and d["detail"]]
    last = max((d["detail"].get("events", 0) for d in found), default=0)
    vain = 0
    for decision in reversed(found):
        if decision["what"] != "rejected":
            break
        vain += 1
    return last, vain
