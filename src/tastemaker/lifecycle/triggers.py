"""Is it time to learn again, and why: alarms, age, enough that is new; and what speaks against it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

from .. import store as database
from ..monitor import Alarm
from ..recipe import Recipe
from ..store import ModelVersion
from ..store.experiments import running
from ..store.quality import count_after

FAILURES = ("accuracy", "drop")
FAILED = "failed"  # what is recorded of a training that ended under way
TRIED = ("trained", "retrained", "rejected", FAILED)
UNUSED = ("candidate", "challenger", "rejected")  # states of a version that does not answer
EVER = 1_000_000  # decisions
MOST_WAITED = 64  # times min_events, however often a candidate was rejected
AGAIN = 600  # seconds until a training that failed twice is tried again; twice as long each time after that
DAY = 86_400  # the longest that is waited for it
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
    conn: Connection, recipe: Recipe, active: ModelVersion | None, alarms: Sequence[Alarm], force: bool, now: int,
    waits: str = "",
) -> Trigger:  # fmt: skip
    """Weigh what speaks for it. waits: what the running experiment waits for

    Whatever does, a training needs `min_events` that are new since the last one was tried; after each that was in vain
    (rejected, or proposed to a person who did not activate it) twice as many, so that an alarm which learning cannot
    mend does not train all day. One that failed under way is tried again by the clock.
    """
    real, decided = database.count_events(conn).real, _decided(conn)
    tried = [d for d in decided if d["what"] != FAILED]
    new, vain = (_new(conn, tried[-1]) if tried else real), _in_vain(conn, tried)
    test = running(conn)
    if test is not None and not force:
        return Trigger(False, f"experiment {test.id} is running, and decides first. {waits}".rstrip(), False, new)
    reason, failed = _reason(recipe, active, alarms, new, real)
    if force:
        return Trigger(True, "asked for by hand" + (f"; {reason}" if reason else ""), failed, new)
    if not reason:
        return Trigger(False, "no alarm, and nothing else speaks for it", False, new)
    if (wait := _paused(decided, now)) > 0:
        last = decided[-1]["reason"]
        return Trigger(False, f"{reason}; but {last}; it is tried again in {-(-wait // 60)} minutes", failed, new)
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


def _decided(conn: Connection) -> list[dict[str, Any]]:
    """Trainings and what became of them, oldest first."""
    return [d for d in database.list_decisions(conn, EVER) if d["what"] in TRIED and d["detail"]]


def _new(conn: Connection, last: dict[str, Any]) -> int:
    """Real events that came after that training had read its own; those that were forgotten since do not count."""
    detail = last["detail"]
    return count_after(conn, detail.get("last"), last["at"], detail.get("events"))


def _in_vain(conn: Connection, tried: list[dict[str, Any]]) -> int:
    """How many trainings in a row ended without a version that answered."""
    vain = 0
    for decision in reversed(tried):
        waiting = decision["version"] is not None and database.version(conn, decision["version"]).state in UNUSED
        if decision["what"] != "rejected" and not waiting:
            break
        vain += 1
    return vain


def _paused(decided: list[dict[str, Any]], now: int) -> int:
    """Seconds until the next try after trainings that failed in a row; the first one is tried again at once."""
    failed = 0
    for decision in reversed(decided):
        if decision["what"] != FAILED:
            break
        failed += 1
    if failed < 2:
        return 0
    pause: int = min(AGAIN * 2 ** (failed - 2), DAY)
    return min(int(decided[-1]["at"]) + pause - now, pause)  # whatever the clock did since
