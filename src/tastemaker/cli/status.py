"""status: what answers, since when, why, how well; one screen."""

from contextlib import closing
from datetime import UTC, datetime
from math import isnan
from typing import TYPE_CHECKING

import typer

from .output import Json, Output, Where, short

if TYPE_CHECKING:
    from ..metrics import Interval
    from ..monitor import Figures, Status

WIDTH = 100


def register(app: typer.Typer) -> None:
    app.command()(status)


def status(where: Where = ".", json: Json = False) -> None:
    """What is deployed, since when, why and how well; what rings; what to do next."""
    from time import time

    from ..monitor import status as look
    from ..store import Store
    from ..store.location import find_root

    now = int(time())
    with closing(Store.open(find_root(where))) as store:
        found = look(store, now)
    Output(json).result(found.as_json(), text="" if json else "\n".join(_said(found, now)))


def _said(found: "Status", now: int) -> list[str]:
    real, made = found.events
    listed = "" if found.listed == found.items else f" ({found.listed} listed)"
    lines = [
        " · ".join(filter(None, [
            found.name, found.title, f"{found.items:,} items{listed}",
            f"{real:,} real events of {found.users:,} users", f"{made:,} invented",
        ])),
        *_answering(found, now), *_quality(found), *(f"ALARM     {alarm}" for alarm in found.alarms), *_drift(found),
    ]  # fmt: skip
    if found.experiment is not None:
        e = found.experiment
        lines.append(f"Experiment {e.id}: version {e.control} against {e.treatment}, {e.share:.0%} get the latter, "
                     f"since {_day(e.started_at)}: {e.metric}")  # fmt: skip
    if found.version is not None and real:
        waiting = f"; {found.waiting:,} outcomes wait to be compared with what was foretold" if found.waiting else ""
        lines.append(f"New       {found.new:,} real events since version {found.version.id} was made{waiting}")
    for head, rows in (("Decided", _decisions(found)), ("Jobs", _jobs(found))):
        lines += [f"{head if k == 0 else '':<9} {row}" for k, row in enumerate(rows)]
    return [*lines, *(f"{'Next' if k == 0 else '':<9} {step}" for k, step in enumerate(found.next))]


def _answering(found: "Status", now: int) -> list[str]:
    v = found.version
    if v is None:
        return ["Answers   nothing"]
    since = "" if found.since is None else f", since {_day(found.since)} ({_span(now - found.since)})"
    lines = [f"Answers   version {v.id} ({v.algorithm}){since}: {short(found.why, WIDTH)}"]
    for name, (value, low, high) in found.judged.items():
        interval = "" if low == high else f" [{low:.3f}, {high:.3f}]"
        lines.append(f"Judged    {value:.3f}{interval} {name}")
    return lines


def _quality(found: "Status") -> list[str]:
    days, first = found.limits.window_days, found.limits.first_days
    if found.version is None:
        return []
    if not found.window.said:
        rest = f"; {found.window.n} outcomes, none foretold with a chance" if found.window.n else ""
        return [f"Quality   no prediction could be compared with an outcome in the last {days} days{rest}"]
    lines = [f"Quality   right in {_figures(found.window)}, last {days} days"]
    if found.first.said:
        lines.append(f"          right in {_figures(found.first)}, its first {first} days")
    return lines


def _figures(f: "Figures") -> str:
    place = "" if isnan(f.place) else f", likes ranked below {f.place:.0%} of the catalog"
    return f"{_percent(f.accuracy)} of {f.said:,} outcomes of {f.users:,} users{place}"


def _percent(interval: "Interval") -> str:
    return f"{interval.mean:.1%} [{interval.low:.1%}, {interval.high:.1%}]"


def _drift(found: "Status") -> list[str]:
    if not found.drifts:
        return []
    said = ", ".join(f"{drift.what} {drift.value:.2f}" for drift in found.drifts)
    return [f"Drift     {said} (stability index since it learned; limit {found.limits.drift:g} beyond chance)"]


def _decisions(found: "Status") -> list[str]:
    return [f"{_day(d['at'])}  {d['what']}: {short(d['reason'], WIDTH)}" for d in reversed(found.decisions)]


def _jobs(found: "Status") -> list[str]:
    return [f"{job.id}  {job.kind}: {job.state}{f', {short(job.error)}' if job.error else ''}" for job in found.jobs]


def _day(at: int) -> str:
    return f"{datetime.fromtimestamp(at, UTC):%Y-%m-%d %H:%M}"


def _span(seconds: int) -> str:
    for unit, size in (("days", 86_400), ("hours", 3600), ("minutes", 60)):
        if seconds >= 2 * size:
            return f"{seconds // size} {unit}"
    return "just now" if seconds >= 0 else "by a clock that is ahead"
