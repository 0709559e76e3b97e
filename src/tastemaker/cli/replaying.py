"""replay: a past through the whole loop, day by day."""

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from .output import Json, Output, Quiet, Table, Where, short

if TYPE_CHECKING:
    from ..lifecycle.replay import Replayed

SHOWN = 40  # lines of the timeline that are printed; all of them are in the JSON


def register(app: typer.Typer) -> None:
    app.command()(replay)


def replay(
    file: Annotated[str | None, typer.Argument(help="Events with times; the project's own by default.")] = None,
    speed: Annotated[str, typer.Option(help="max, or days a second.")] = "max",
    step: Annotated[float, typer.Option(help="Days between two looks.")] = 1.0,
    start: Annotated[str | None, typer.Option("--from", help="YYYY-MM-DD; by default after a fifth of all.")] = None,
    policy: Annotated[
        list[str] | None, typer.Option(help="loop (default), never, timer; several are compared on the same past.")
    ] = None,
    timer: Annotated[int, typer.Option(help="Days between two trainings of the policy `timer`.")] = 30,
    seed: Annotated[int, typer.Option(help="The same seed replays the same.")] = 0,
    keep: Annotated[Path | None, typer.Option(help="Keep the replayed projects in this directory.")] = None,
    where: Where = ".",
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """The whole loop on a past, as if it were then: foretell, record, alarm, learn, activate. The project stays."""
    from ..lifecycle import Project
    from ..lifecycle.replays import as_seconds

    out = Output(json, quiet)
    with Project.open(where) as project, out.watching() as watch:
        done, plot = project.replay(
            file, policies=tuple(policy or ("loop",)),  # type: ignore[arg-type]
            step_days=step, timer_days=timer, begins=as_seconds(start),
            days_a_second=_speed(speed), seed=seed, keep=keep, watch=watch,
        )  # fmt: skip
    for one in done:
        if one.policy == "loop":
            _timeline(one).print() if not json else None
    out.result(
        [one.as_json() for one in done], _summary(done), " ".join(filter(None, [done[0].fair, f"As a picture: {plot}"]))
    )


def _speed(text: str) -> float:
    try:
        days = 0.0 if text == "max" else float(text)
    except ValueError:
        days = -1.0
    if days < 0:
        raise typer.BadParameter(f"--speed is {text!r}; give max, or days a second such as 30")
    return days


def _timeline(done: "Replayed") -> Table:
    lines = list(done.timeline)
    rows = [
        [_day(d["at"]), d["what"], "" if d["version"] is None else str(d["version"]), short(d["reason"], 120)]
        for d in lines[:SHOWN]
    ]
    more = f"; the first {SHOWN} of {len(lines)}, all with --json" if len(lines) > SHOWN else ""
    return Table(f"What was decided, and why{more}", ["day", "what", ">version", "why"], rows)


def _summary(done: list["Replayed"]) -> Table:
    rows = [
        [d.policy, f"{d.accuracy.mean:.4f} [{d.accuracy.low:.4f}, {d.accuracy.high:.4f}]", str(d.outcomes),
         str(d.trainings), str(d.activations), f"{d.seconds:.0f} s"]
        for d in done
    ]  # fmt: skip
    heads = ["policy", ">accuracy of likes, 95 %", ">outcomes", ">trainings", ">activations", ">took"]
    return Table(f"Replayed {_day(done[0].begins)} to {_day(done[0].ends)}", heads, rows)


def _day(at: int) -> str:
    return f"{datetime.fromtimestamp(at, UTC):%Y-%m-%d}"
