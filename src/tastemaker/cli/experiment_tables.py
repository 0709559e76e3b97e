"""Experiments as tables and sentences."""

from math import isfinite
from typing import TYPE_CHECKING

from .output import Table
from .tables import percent, when

if TYPE_CHECKING:
    from ..experiment import Estimated, Lift, Plan, Report, Simulated
    from ..lifecycle.experimenting import Validated
    from ..metrics import Interval
    from ..store.experiments import Experiment


LONG = 730  # days, beyond which a plan is said in years, with advice


def planned(plan: "Plan", metric: str) -> str:
    pace = f"at {plan.daily:.3g} new users a day" if plan.daily > 0 else "nobody came lately, so nobody knows how long"
    days = f"about {plan.days:.0f} days {pace}" if plan.days is not None else pace
    now = f"now {plan.base:.3g}" if plan.known else f"{plan.base:.3g} is assumed, for want of outcomes: the widest case"
    if plan.days is not None and plan.days > LONG:
        days += f", or {plan.days / 365:.0f} years: too long to wait for. Look for a larger --effect"
    return (
        f"To find {plan.effect:.3g} on {metric} ({now}): {plan.users} users in both arms; {days}.\n"
        f"A test that is looked at once, at its end, would need {plan.users_once}; the rest is the price of "
        "looking any day."
    )


def started(found: "Experiment") -> str:
    from ..experiment import Plan

    plan = Plan(**found.settings["plan"])
    return (
        f"Experiment {found.id}: version {found.treatment} answers {found.share:.0%} of the users, version "
        f"{found.control} the rest.\n{planned(plan, found.metric)}\n"
        "Look whenever you like: tastemaker experiment report"
    )


def arms(found: "Report") -> Table:
    rows = []
    for name, arm in (("control", found.control), ("treatment", found.treatment)):
        figure = f"{arm.figure.value:.4f} ± {arm.figure.se2**0.5:.4f}" if isfinite(arm.figure.se2) else "–"
        rows.append([name, str(arm.version), str(arm.users), str(arm.figure.n), figure])
    e = found.experiment
    title = f"Experiment {e.id} ({e.state}), since {when(e.started_at)}: {found.measure.says}"
    return Table(title, ["arm", ">version", ">users met", ">users judged", f">{e.metric} ± s.e."], rows)


def figures(found: "Report") -> Table:
    """The difference by each method, the one that decides first."""
    rows = [_difference("always valid (decides)", found.lift), _difference("fixed horizon, one look", found.once)]
    if found.adjusted is not None:
        rows.append(_difference(f"always valid, CUPED (variance {-found.saved:+.0%})", found.adjusted))
    level = 1 - float(found.experiment.settings["alpha"])
    return Table("Treatment over control", ["", f">difference, {level:.0%}", ">in percent", ">p"], rows)


def guards(found: "Report") -> Table:
    rows = []
    for one in found.guards:
        by = 100.0 if one.guard.limit.relative else 1.0
        state = "broken" if one.broken else "holds"
        rows.append([one.guard.metric, str(one.guard.limit), _interval(one.interval, by), state])
    return Table("Guards", ["measure", ">worse by at most", ">difference, always valid", ""], rows)


def told(found: "Report") -> str:
    ratio, lines = found.ratio, []
    due = f"{ratio.share:.0%} due in treatment, {ratio.treatment} of {ratio.control + ratio.treatment} seen"
    lines.append(f"Sample ratio: {'BROKEN' if ratio.broken else 'fine'} ({due}, p = {ratio.p:.2g}).")
    if found.belief is not None:
        b = found.belief
        lines.append(
            f"Bayesian view: treatment better with {b.better:.1%}; expected loss if chosen wrongly: treatment "
            f"{b.loss_treatment:.4f}, control {b.loss_control:.4f}."
        )
    if found.more_users is not None and found.experiment.state == "running":
        days = "" if found.more_days is None else f", about {found.more_days:.0f} days"
        lines.append(f"Until the planned precision: {found.more_users} more users{days}.")
    if found.experiment.state == "stopped":
        lines.append(f"Ended {when(found.experiment.ended_at or 0)}: {found.experiment.reason}")
    return "\n".join([*lines, found.price, f"\n{found.verdict.sentence}"])


def simulated(found: "Validated") -> Table:
    rows = [_run("A/A, both arms alike", found.alike)]
    rows += [_run(f"A/B, {run.lift:+.1%}", run) for run in found.better]
    return Table(
        f"{found.alike.sims} simulated experiments a row, {found.alike.looks} looks, {found.plan.users} users each",
        ["", ">always valid, any look", ">fixed horizon, any look", ">fixed horizon, last look", ">over after"], rows,
    )  # fmt: skip


def validated(found: "Validated") -> str:
    aa, lines = found.alike, [f"Users drawn from {found.users} of this project ({found.metric}: {found.source})."]
    lines.append(
        f"False alarms: {aa.always_valid:.1%} with the always-valid interval, however often one looks; "
        f"{aa.peeking:.1%} when a fixed-horizon test is looked at {aa.looks} times; "
        f"{aa.once:.1%} when it is looked at once."
    )
    for run in found.better:
        lines.append(
            f"{run.lift:+.1%}: found by {run.always_valid:.1%} of the experiments at this size; one look at the end "
            f"would find it in {run.once:.1%}. The difference is the price of looking any day."
        )
    days = f", about {found.plan.days:.0f} days" if found.plan.days is not None else ""
    lines.append(f"Planned for {found.plan.effect:.3g} on {found.base.value:.3g}: {found.plan.users} users{days}.")
    return "\n".join(lines)


def estimated(found: "Estimated") -> Table:
    kinds = {"IPS": found.ips, "SNIPS": found.snips, "doubly robust": found.doubly_robust}
    rows = [
        [name, _interval(one.value, 1.0, sign=""), f"{one.effective:.0f}", percent(one.support.mean)]
        for name, one in kinds.items()
    ]
    title = f"Version {found.version} on {found.ips.slates} logged slates: likes a shown position"
    return Table(title, ["estimator", ">value, 95 %", ">effective draws", ">support"], rows)


def reward(found: "Estimated") -> str:
    assumed = "Assumes that an item's chance does not depend on those above it."
    return f"What was really shown: {found.shown:.4f}. {assumed} {found.fair}".rstrip()


def _run(name: str, run: "Simulated") -> list[str]:
    over = "–" if not isfinite(run.stopped) else f"{run.stopped:.0%} of the users"
    return [name, percent(run.always_valid), percent(run.peeking), percent(run.once), over]


def _difference(name: str, lift: "Lift") -> list[str]:
    return [name, _interval(lift.points, 1.0), f"{_interval(lift.percent, 100.0, 1)} %", f"{lift.p:.2g}"]


def _interval(interval: "Interval", by: float, digits: int = 4, sign: str = "+") -> str:
    """–: nothing can be said yet."""
    if not isfinite(interval.high - interval.low):
        return "–"
    mean, low, high = (f"{by * x:{sign}.{digits}f}" for x in (interval.mean, interval.low, interval.high))
    return f"{mean} [{low}, {high}]"
