"""retrain, tick, watch: the loop that keeps models good."""

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from .output import Json, Output, Quiet, Where, fail

if TYPE_CHECKING:
    from ..lifecycle.tick import Ticked

Tune = Annotated[bool, typer.Option("--tune", help="Search settings around the present ones first.")]
Seed = Annotated[int, typer.Option(help="The same seed gives the same model.")]


def register(app: typer.Typer) -> None:
    app.command()(retrain)
    app.command()(tick)
    app.command()(watch)


def retrain(
    if_needed: Annotated[bool, typer.Option("--if-needed", help="Only when an alarm or a trigger says so.")] = False,
    tune: Tune = False,
    seed: Seed = 0,
    where: Where = ".",
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """A candidate from the active version, judged beside it; only what is surely better replaces it."""
    from ..lifecycle import Project

    out = Output(json, quiet)
    with Project.open(where) as project, out.watching() as looking:
        done = project.retrain(force=not if_needed, search=tune, seed=seed, watch=looking)
    out.result(_plain(done), text=_said(done))


def tick(tune: Tune = False, where: Where = ".", json: Json = False) -> None:
    """Look once, and train in a process of its own when it is time: what cron calls."""
    from ..lifecycle import Project

    with Project.open(where) as project:
        done = project.tick(search=tune)
    Output(json).result(_plain(done), text=_said(done))


def watch(
    every: Annotated[float, typer.Option(help="Seconds between two looks.")] = 60.0,
    times: Annotated[int, typer.Option(help="Stop after so many looks; 0 = never.")] = 0,
    tune: Tune = False,
    where: Where = ".",
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """`tick` as a loop, until Ctrl-C."""
    from datetime import datetime

    from ..errors import Cancelled, TastemakerError
    from ..lifecycle import Project

    if every < 1:
        raise typer.BadParameter(f"--every is {every:g}; give 1 second or more")
    out = Output(json, quiet)
    try:
        with Project.open(where) as project:
            for done in project.watch(every, times, tune):
                if isinstance(done, TastemakerError):
                    fail(f"{done} Watching goes on.")
                elif json:
                    out.result(_plain(done))
                elif done.done is not None or not quiet:
                    out.result(None, text=f"{datetime.now():%Y-%m-%d %H:%M:%S}  {_said(done)}")
    except KeyboardInterrupt:
        raise Cancelled("Stopped watching. A training that runs goes on by itself: tastemaker jobs list") from None


def _plain(done: "Ticked") -> dict[str, Any]:
    found = asdict(done)
    found["alarms"] = [{**asdict(alarm), "text": str(alarm)} for alarm in done.alarms]
    return found


def _judged(done: "Ticked") -> str:
    """Whom the new outcomes are held against: who answered then, who need not be who answers now."""
    n, of = done.tracked.added, sorted((done.tracked.versions or {}).items())
    many = "1 new outcome is" if n == 1 else f"{n:,} new outcomes are"
    if len(of) == 1:
        return f"{many} compared with what version {of[0][0]}, which answered at the time, says of them"
    each = ", ".join(f"version {version} ({k:,})" for version, k in of)
    return f"{many} compared with what those that answered at the time say of them: {each}"


def _said(done: "Ticked") -> str:
    """What was seen and done, in sentences."""
    lines = [f"{_judged(done)}."] if done.tracked.added else []
    lines += [f"What others wrote down was not read: {done.unread}"] * bool(done.unread)
    lines += [f"Alarm: {alarm}" for alarm in done.alarms]
    if done.concluded:
        lines.append(f"The experiment is over. {done.concluded}")
    if done.swept:
        lines.append(f"Cleaned up after jobs whose process had died: {', '.join(map(str, done.swept))}.")
    if done.busy:
        lines.append(f"Nothing was started. {done.busy}")
    elif done.done is None:
        lines.append(f"Nothing was trained: {done.trigger.why}.")
    elif done.done.what == "skipped":
        lines.append(f"Nothing was trained ({done.trigger.why}): {done.done.reason}")
    else:
        what = f"Version {done.done.version}" if done.done.version is not None else "No version"
        lines.append(f"Trained ({done.trigger.why}). {what}, {done.done.what}: {done.done.reason}.")
        lines += [f"Its settings are {done.done.settings}."] if done.done.settings else []
    return "\n".join(lines)
