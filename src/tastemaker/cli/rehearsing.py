"""train --rehearse: what it says; and the question when the database does not answer."""

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from .judged import judged_columns, judged_row
from .output import Output, Table

if TYPE_CHECKING:
    from ..errors import StoreError
    from ..lifecycle.rehearsal import Rehearsed

RUN = "tastemaker train --rehearse"


def offered(where: str, error: "StoreError", out: Output) -> bool:
    """Does somebody at a terminal want to rehearse instead? Without a terminal the error says which command that is."""
    from ..store.location import find_root

    find_root(Path(where))  # where there is no project there is nothing to rehearse
    if out.json or out.quiet or not (sys.stdin.isatty() and sys.stdout.isatty()):
        said = f"{error} To see meanwhile whether this machine can train, on generated data: {RUN}"
        raise type(error)(said) from error
    out.say(str(error))
    if typer.confirm("Rehearse on generated data instead, to see whether this machine can train?", default=True):
        return True
    out.say(f"Nothing was done. To rehearse later: {RUN}")
    return False


def rehearse(where: str, options: Mapping[str, Any], seed: int, out: Output) -> None:
    from ..lifecycle.rehearsal import rehearse as run

    with out.watching() as watch:
        done = run(where, options, seed, watch)
    lesson = done.taught.lesson
    rows = [judged_row("before training", lesson.base, "")] if lesson.base is not None else []
    for one in lesson.learned:
        rows.append(judged_row(one.name, one.report, f"{one.seconds:.1f} s"))
    heads = ["", *(f"{'>'}{name}" for name in judged_columns(lesson.learned[0].report)), ">learned twice in"]
    table = Table(f"A rehearsal on generated data, judged by {lesson.later.named}, 95 %", heads, rows)
    for name, why in lesson.failed.items():
        out.say(f"{name} learned nothing: {why}")
    out.result(done.as_json(), table, _text(done))


def _text(done: "Rehearsed") -> str:
    found = "; ".join(f"{name} {value:.0%}" for name, value in done.neighbors.items())
    lines = [
        f"This machine can train ({done.device}): {done.items} items, {done.listeners} listeners, {done.plays} plays, "
        f"{done.seconds:.0f} s from files to answers.",
        f"Of an item's ten nearest, so many are of its own planted group: {found}.",
        f"It is kept in {done.folder}, marked as a rehearsal: nothing there can be activated, and your project is as "
        "it was.",
        done.real,
    ]
    return "\n".join(lines)
