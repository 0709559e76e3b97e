"""impact: outcomes that nobody expected, and what learning from them changes."""

from dataclasses import asdict
from math import isnan
from typing import TYPE_CHECKING, Annotated

import typer

from .output import Json, Output, Quiet, Table, Where

if TYPE_CHECKING:
    from ..lifecycle.impact_lessons import Lessons
    from ..metrics import Interval


def register(app: typer.Typer) -> None:
    app.command()(impact)


def impact(
    version: Annotated[int | None, typer.Option("--version", help="Another version than the active one.")] = None,
    items: Annotated[int, typer.Option(help="Look at the influence of so many items; each takes a training.")] = 3,
    seed: Annotated[int, typer.Option(help="The same seed gives the same answer.")] = 0,
    where: Where = ".",
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Outcomes that nobody expected: which, since when, noise or a new taste, and what learning from them changes."""
    from ..lifecycle import Project
    from ..lifecycle.impact import impact as look
    from ..lifecycle.impact_page import write_impact
    from ..lifecycle.impact_told import told

    if items < 0:
        raise typer.BadParameter(f"--items is {items}; give 0 or more")
    out = Output(json, quiet)
    with Project.open(where) as project, out.watching() as watch:
        found = look(project.store, project.recipe, version, items, seed, watch)
        picture, page = write_impact(project.store.root / "plots", found)
    said = told(found)
    for head, sentences in said:
        out.say(f"\n{head}\n" + "\n".join(f"  {sentence}" for sentence in sentences))
    plain = asdict(found) | {"told": dict(said), "picture": str(picture), "page": str(page)}
    table = _scenarios(found.lessons) if found.lessons.scenarios else None
    out.result(plain, table, f"Drawn: {picture}. To read or to send: {page}")


def _scenarios(found: "Lessons") -> Table:
    rows = [[s.name, f"{s.value:.4f}", _share(s.accuracy), _lift(s.lift), _lift(s.there)] for s in found.scenarios]
    rows += [[f"  of {one.title}", "", "", _lift(one.lift), _lift(one.there)] for one in found.influence]
    columns = ["learned", f">{found.metric}", ">likes right", ">better by, 95 %", ">on those items"]
    return Table(f"Judged on {found.later} later outcomes", columns, rows)


def _lift(lift: "Interval | None") -> str:
    return "" if lift is None else f"{lift.mean:+.4f} [{lift.low:+.4f}, {lift.high:+.4f}]"


def _share(value: float) -> str:
    return "" if isnan(value) else f"{value:.1%}"
