"""compare: which model finds best what users like?"""

from typing import TYPE_CHECKING, Annotated

import typer

from . import tables
from .data import Format, SkipBadRows
from .judged import judged_columns, judged_row
from .output import Json, Output, Quiet, Table, Where

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from typing import Any

    from ..lifecycle.compare import Comparison

FEW = 100  # fewer judged users than this tell little apart


def register(app: typer.Typer) -> None:
    app.command()(compare)


def compare(
    source: Annotated[
        str | None,
        typer.Argument(help="A public data set's folder (--format), a table of events, a version; else the project."),
    ] = None,
    other: Annotated[str | None, typer.Argument(help="A second version: compare 3 7.")] = None,
    format_: Format = None,
    models: Annotated[str | None, typer.Option(help="Of popular,graph,itemknn,ials,bprmf,blend,ease.")] = None,
    k: Annotated[int, typer.Option("-k", "--k", help="How long the lists are that are judged.")] = 20,
    threshold: Annotated[
        float | None, typer.Option(help="A rating from here on is a like; by default above the middle of the scale.")
    ] = None,
    split: Annotated[
        str, typer.Option(help="time, pairs (each user's items at random), or auto: time where events have times.")
    ] = "auto",
    seed: Annotated[int, typer.Option(help="The same seed gives the same split and models.")] = 0,
    tune: Annotated[bool, typer.Option("--tune", help="Choose each model's settings on a validation part.")] = False,
    skip_bad_rows: SkipBadRows = False,
    where: Where = ".",
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Learn every collaborative model on one part of the events and judge it on the other; or compare two versions."""
    from ..errors import DataError
    from ..lifecycle import Project
    from ..lifecycle.compare import Asked, compare_published

    out = Output(json, quiet)
    if other is not None:
        _versions(str(source), other, seed, where, out)
        return
    names = tuple(name for part in (models or "").split(",") if (name := part.strip()))
    asked = Asked(names, k, seed, threshold, split, tune)  # type: ignore[arg-type]
    with out.watching() as watch:
        if source is not None:
            found = compare_published(source, format_, asked, watch, skip_bad_rows)
        elif format_ is not None:
            raise DataError(
                f"--format {format_} says how to read a SOURCE: tastemaker compare SOURCE --format {format_}"
            )
        else:
            with Project.open(where) as project:
                found = project.compare(names, k, seed, watch, threshold, asked.split, tune)
    out.result(found.as_json(), tables.comparison(found), _told(found))


def _differences(settings: "Mapping[str, Sequence[Any]]") -> "Iterator[str]":
    """Setting by setting; what models are made of is opened, so that only what differs is said."""
    for name, (a, b) in settings.items():
        if isinstance(a, dict) and isinstance(b, dict):
            inner = {f"{name}.{key}": [a.get(key), b.get(key)] for key in [*a, *(k for k in b if k not in a)]}
        elif isinstance(a, list) and isinstance(b, list) and len(a) == len(b) and all(isinstance(x, dict) for x in a):
            inner = {f"{name}.{x.get('algorithm', k)}": [x, y] for k, (x, y) in enumerate(zip(a, b, strict=True))}
        elif isinstance(a, list | dict) or isinstance(b, list | dict):
            yield f"{name} differs"
            continue
        else:
            yield f"{name}: {a} → {b}"
            continue
        yield from _differences({key: pair for key, pair in inner.items() if pair[0] != pair[1]})


def _told(found: "Comparison") -> str:
    n = found.models[0].report.n_users
    lines = [
        f"Learned from {found.n_events} likes of {found.n_items} items by {found.n_users} users, judged on {n} users"
        f"{f' ({found.newcomers} new ones left out)' if found.newcomers else ''}. Protocol: {found.protocol}.",
        "Difference: user by user, with its 95 % interval. Peak memory: the most that this process held until then.",
    ]
    lines += [f"Left out: {name}: {why}" for name, why in found.left_out.items()]
    if n < FEW and found.newcomers:
        lines.append(f"{n} users tell little. To judge on more of them: --split pairs")
    return "\n".join(lines)


def _versions(first: str, second: str, seed: int, where: str, out: Output) -> None:
    from ..errors import QueryError
    from ..lifecycle import Project

    if not (first.isdigit() and second.isdigit()):
        raise QueryError(f"compare {first} {second}: give two versions' numbers. See: tastemaker versions")
    with Project.open(where) as project:
        found = project.compare_versions(int(first), int(second), seed)
    rows = [
        judged_row(f"version {v.id}, {v.algorithm}", report, f"{h.coverage:.1%}", f"{1000 * h.latency:.1f} ms")
        for v, report, h in zip(found.versions, found.reports, found.healths, strict=True)
    ]
    heads = ["", *(f">{name}" for name in judged_columns(found.reports[0])), ">coverage", ">a query"]
    table = Table(f"{found.protocol}; 95 %", heads, rows)
    m = found.lift
    gained = f"{m.mean:+.4f} [{m.low:+.4f}, {m.high:+.4f}]; above 0 = version {second} is better"
    sure = (
        f"version {second if m.low > 0 else first} is better" if m.low > 0 or m.high < 0 else "neither is surely better"
    )
    said = f"{found.metric}: {sure} ({gained})."
    differ = list(_differences(found.settings))
    lines = [said, *(["Settings: " + "; ".join(differ)] if differ else []), *([found.fair] if found.fair else [])]
    out.result(found.as_json(), table, "\n".join(lines))
