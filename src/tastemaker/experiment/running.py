"""Starting, looking at and stopping an experiment of a project. Nothing here trains; each verb is one transaction."""

from collections.abc import Sequence
from dataclasses import replace
from math import isfinite
from time import time
from typing import Any

import sqlalchemy as sa

from ..errors import QueryError
from ..metrics.ratio import Mean, mean_of
from ..store import Store, record_decision, version
from ..store.experiments import (
    Experiment,
    NewExperiment,
    check_experiment,
    check_measure,
    check_share,
    experiment,
    exposed,
    overtaken,
    running,
    start_experiment,
    stop_experiment,
)
from ..store.outcomes import MEASURES, daily_users, outcomes_of, past_of
from .difference import FEWEST
from .guards import Amount, amount, guard
from .plan import Plan, detectable, plan_for
from .report import Report, measured, report, settings_of
from .verdict import Verdict

WINDOW = 28  # days that say what to expect
EFFECT = "5%"
ALPHA, POWER = 0.05, 0.9


def start(
    store: Store, control: int, treatment: int, *, share: float = 0.5, metric: str = "like_accuracy",
    effect: str | None = None, guards: Sequence[str] = (), days: float | None = None, alpha: float = ALPHA,
    power: float = POWER, salt: str | None = None, reason: str = "by hand", at: int | None = None,
) -> Experiment:  # fmt: skip
    """effect: the smallest difference worth finding, "5%" or "0.02"; days: how long it may take, instead of an effect.

    guards: measures that may not get worse, "like_rate" or "like_rate=5%"; salt: None = a new one; at: UTC seconds.
    """
    given: dict[str, Any] = {} if salt is None else {"salt": salt}
    when = int(time()) if at is None else at
    new = NewExperiment(
        control=control, treatment=treatment, share=share, metric=metric, reason=reason, started_at=when, **given
    )
    kept = [guard(text) for text in guards]
    with store.begin() as conn:
        check_experiment(conn, new)
        for one in kept:
            check_measure(one.metric)
        plan = _plan(conn, new, effect, days, alpha, power)
        settings = settings_of(plan, kept, alpha, power)
        return start_experiment(conn, NewExperiment(**{**vars(new), "settings": settings}))


def check_options(
    store: Store, control: int, *, share: float = 0.5, metric: str = "like_accuracy", effect: str | None = None,
    guards: Sequence[str] = (), days: float | None = None, alpha: float = ALPHA, power: float = POWER,
) -> Plan:  # fmt: skip
    """What `start` would plan with these options; nothing is changed. QueryError where it would refuse them."""
    with store.read() as conn:
        for name in (metric, *(guard(text).metric for text in guards)):
            check_measure(name)
        check_share(share)
        version(conn, control)
        new = NewExperiment(control=control, treatment=control, share=share, metric=metric)
        return _plan(conn, new, effect, days, alpha, power)


def look(store: Store, id_: int | None = None, at: int | None = None) -> Report:
    """The figures of the latest experiment, or of this one. A broken guard ends it, here and now."""
    with store.read() as conn:
        found = _look(conn, id_)
    if found.broken is None or found.experiment.state != "running":
        return found
    with store.begin() as conn:
        return _stop_if_broken(conn, found.experiment.id, at)


def read(store: Store, id_: int | None = None) -> Report:
    """The same figures; nothing is changed, whatever they say."""
    with store.read() as conn:
        return _look(conn, id_)


def stop(store: Store, reason: str = "by hand", at: int | None = None) -> Report:
    """End the running one, with the verdict as it stands."""
    with store.begin() as conn:
        current = running(conn)
        found = None if current is None else _look(conn, current.id)
        verdict = None if found is None else vars(found.verdict)
        ended = stop_experiment(conn, reason, verdict, at)
        return _look(conn, ended.id)


def _stop_if_broken(conn: sa.Connection, id_: int, at: int | None) -> Report:
    found = _look(conn, id_)
    if found.broken is not None and found.experiment.state == "running":
        ended = stop_experiment(conn, found.verdict.sentence, vars(found.verdict), at)
        record_decision(conn, "experiment", found.verdict.sentence, ended.ended_at or 0, ended.treatment)
        found = _look(conn, id_)
    return found


def _look(conn: sa.Connection, id_: int | None) -> Report:
    chosen = experiment(conn, id_)
    seen = outcomes_of(conn, chosen.id, chosen.started_at, measured(chosen))
    found = report(chosen, seen, exposed(conn, chosen.id))
    if chosen.state != "running" or not overtaken(conn, chosen):
        return found
    why = "another version was activated since it started, so this experiment deals nobody any more"
    said = f"Overtaken: {why}. End it: tastemaker experiment stop. So far: {found.verdict.sentence}"
    return replace(found, verdict=Verdict("overtaken", said))


def _plan(
    conn: sa.Connection, new: NewExperiment, effect: str | None, days: float | None, alpha: float, power: float
) -> Plan:
    if not (0.0 < alpha < 0.5 and 0.5 <= power < 1.0):
        raise QueryError(
            f"alpha {alpha:g} and power {power:g}: give alpha below 0.5, such as 0.05, and power such as 0.9."
        )
    arm, daily = _base(conn, new), daily_users(conn, WINDOW)
    if days is None:
        size = _absolute(amount(effect or EFFECT, "The effect"), arm, new.metric)
    elif effect is not None:
        raise QueryError("Give --effect or --days, not both: each follows from the other and from how many users come.")
    elif not days * daily >= 2 * FEWEST:
        raise QueryError(
            f"In {days:g} days about {days * daily:.0f} users come ({daily:.2g} a day in the last {WINDOW} days that "
            f"events are known of); {2 * FEWEST} are the least. Give more days, or an --effect."
        )
    else:
        size = detectable(arm, int(days * daily), new.share, alpha=alpha, power=power)
    return plan_for(arm, size, new.share, daily, alpha=alpha, power=power)


def _base(conn: sa.Connection, new: NewExperiment) -> Mean:
    """What a user of the control looked like lately; of any version, else the widest a share can be."""
    for whose in (new.control, None):
        found = mean_of(*past_of(conn, new.metric, whose, WINDOW))
        if found.n >= FEWEST and isfinite(found.variance) and found.variance > 0:
            return found
    if MEASURES[new.metric].share:
        return Mean(0, 0.5, 0.25)
    raise QueryError(
        f"Fewer than {FEWEST} users have outcomes that tell “{MEASURES[new.metric].says}”, so nobody can say how long "
        "this would take. Wait for outcomes, or choose a measure that is a share: like_accuracy, like_rate."
    )


def _absolute(size: Amount, arm: Mean, metric: str) -> float:
    value = size.value * abs(arm.value) if size.relative else size.value
    if not value > 0:
        raise QueryError(
            f"An effect of {size} on {metric} (now {arm.value:.3g}) is nothing to look for. Give a larger one."
        )
    return value
