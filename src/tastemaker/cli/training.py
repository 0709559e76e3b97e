"""train: learn from real events."""

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from . import rehearsing, tables
from .judged import before_named, guess_row, judged_columns, judged_row
from .learning import Seed
from .output import Json, Output, Quiet, Table, Verbose, Where

if TYPE_CHECKING:
    from ..lifecycle import Project
    from ..lifecycle.teach import Taught, TaughtFew
    from ..lifecycle.train import Trained


def register(app: typer.Typer) -> None:
    app.command()(train)


def train(
    model: Annotated[list[str] | None, typer.Option("--model", help="A model of the recipe; all by default.")] = None,
    start: Annotated[str, typer.Option("--from", help="`active`, or a version's number.")] = "active",
    epochs: Annotated[int | None, typer.Option(help="Passes over the events.")] = None,
    batch_size: Annotated[int | None, typer.Option(help="Users a step.")] = None,
    learning_rate: Annotated[float | None, typer.Option(help="Step size.")] = None,
    embedding_size: Annotated[int | None, typer.Option(help="Length of the vectors that are learned.")] = None,
    validation_split: Annotated[
        float | None, typer.Option(help="Share of the users who are validated on while learning.")
    ] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with the training that was interrupted.")] = False,
    rehearse: Annotated[
        bool, typer.Option("--rehearse", help="The whole pipeline on generated data: is this machine set up?")
    ] = False,
    seed: Seed = 0,
    where: Where = ".",
    json: Json = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """Learn from real events; what is clearly better than the active version replaces it.

    A training that was killed goes on where it was with --resume, or when the same command is given again.
    """
    from ..errors import StoreError

    out = Output(json, quiet, verbose)
    asked = {"epochs": epochs, "batch_size": batch_size, "learning_rate": learning_rate, "dim": embedding_size}
    asked["held_out"] = validation_split
    options = {name: value for name, value in asked.items() if value is not None}
    if resume and (options or model or rehearse):
        raise typer.BadParameter("--resume takes the interrupted training's own settings; leave the others out")
    if rehearse:
        rehearsing.rehearse(where, options, seed, out)
        return
    try:
        project = _opened(where, out)
    except StoreError as error:
        if rehearsing.offered(where, error, out):
            rehearsing.rehearse(where, options, seed, out)
        return
    with project, out.watching() as watch:
        done = project.train(start, seed, watch, options, model or (), resume)
        metric = project.recipe.judge.metric
    _show(done, metric, out)


def _show(done: "Trained | Taught | TaughtFew", metric: str, out: Output) -> None:
    from ..lifecycle.teach import Taught, TaughtFew

    if isinstance(done, Taught):
        _show_taught(done, out)
    elif isinstance(done, TaughtFew):
        active = done.version.state == "active"
        what = "is active" if active else "is a candidate"
        text = f"Version {done.version.id} ({done.version.algorithm}) {what}: {done.why}."
        out.result({"version": done.version.id, "activated": active, "why": done.why}, text=text)
    else:
        _show_tuned(done, metric, out)


def _opened(where: str, out: Output) -> "Project":
    """The project, whose database answers; what its tables under [source] hold, where nothing was imported yet."""
    from ..lifecycle import Project
    from ..lifecycle.looking import source_url

    project = Project.open(where)
    try:
        if not len(project.catalog()) and source_url(project.store, project.recipe) is not None:
            for one in project.import_source():
                out.say(f"{one.record.source}: {one.record.rows} rows read, {one.added} new.")
    except BaseException:
        project.close()
        raise
    return project


def _show_taught(done: "Taught", out: Output) -> None:
    lesson = done.lesson
    rows = [judged_row(before_named(lesson.parent.id, lesson.base), lesson.base, "")] if lesson.base is not None else []
    rows = [*guess_row(lesson.learned[0].report, ""), *rows]
    for one, version in zip(lesson.learned, done.versions, strict=True):
        took = f"{one.seconds:.1f} s"
        rows.append(judged_row(f"version {version.id}, {one.name}", one.report, took))
    n, learned = len(lesson.later.asked), int(lesson.later.learn.sum())
    made_up = lesson.later.data.events.synthetic
    what = "invented" if made_up.all() else "real and invented" if made_up.any() else "real"
    out.say(f"Learned from {learned} {what} events, {lesson.later.protocol}: {n} events. Then learned again from all.")
    heads = ["", *(f"{'>'}{name}" for name in judged_columns(lesson.learned[0].report)), ">learned twice in"]
    table = Table(f"Judged by {lesson.later.named}, 95 %", heads, rows)
    for name, why in lesson.failed.items():
        out.say(f"{name} learned nothing: {why}")
    best = done.versions[0]
    text = f"Version {best.id} ({best.algorithm}) {'is active' if done.activated else 'is a candidate'}: {done.why}."
    if not done.activated:
        text += f"\nTo use it all the same: tastemaker activate {best.id}"
    spoke = lesson.learned[0].health.spoke
    if spoke:
        text += "\nWho speaks: " + ", ".join(f"{who} {share:.0%}" for who, share in sorted(spoke.items())) + "."
    data: dict[str, Any] = {"activated": done.activated, "why": done.why, "parent": lesson.parent.id}
    data["versions"] = [asdict(version) for version in done.versions]
    data |= {"spoke": dict(spoke), "failed": dict(lesson.failed)}
    data["before"] = None if lesson.base is None else lesson.base.as_json()
    out.result(data, table, text)


def _show_tuned(done: "Trained", metric: str, out: Output) -> None:
    out.say(f"Used {done.used.real} real events and {done.used.synthetic} synthetic ones (replayed, so that what they")
    out.say("taught is not forgotten).")
    reports = {f"version {done.parent.id}": done.before, f"version {done.version.id}": done.after}
    judged = {name: [report] for name, report in reports.items() if report is not None}
    table = tables.judgement("Judged on held-out real users", judged, metric) if judged else None
    state = "is active" if done.activated else "is a candidate, not active"
    data = {"version": done.version.id, "parent": done.parent.id, "activated": done.activated, "why": done.why}
    data |= {"used": done.used._asdict(), "before": done.before and done.before.as_json()}
    text = f"Version {done.version.id} {state}: {done.why}."
    if not done.activated:
        text += f"\nTo use it all the same: tastemaker activate {done.version.id}"
    out.result({**data, "after": done.after and done.after.as_json()}, table, text)
