"""pretrain, train, evaluate."""

from typing import Annotated, Any

import typer

from . import tables
from .output import Json, Output, Quiet, Table, Verbose, Where

Seed = Annotated[int, typer.Option(help="The same seed gives the same models.")]


def register(app: typer.Typer) -> None:
    app.command()(pretrain)
    app.command()(train)
    app.command()(evaluate)


def pretrain(
    seed: Seed = 0,
    half: Annotated[bool, typer.Option("--half", help="Save arrays as float16: half the size.")] = False,
    where: Where = ".",
    json: Json = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """Features, synthetic users, every model of the recipe, judgement; the best version becomes active."""
    from ..lifecycle import Project

    out = Output(json, quiet, verbose)
    with Project.open(where) as project, out.watching() as watch:
        done = project.pretrain(seed, watch, half)
        metric = project.recipe.judge.metric
    show_pretrained(done, metric, out)


def show_pretrained(done: Any, metric: str, out: Output) -> None:
    """The judgement of every model, which one is active now, and what could not be learned here."""
    if out.json:
        versions = [{"id": v.id, "algorithm": v.algorithm, "metrics": v.metrics} for v in done.versions]
        data = {"active": done.active.id, "versions": versions, "lacking": [str(m) for m in done.lacking]}
        out.result({**data, "users": done.users.archetypes, "kept": done.kept})
        return
    n = len(done.users.dataset.users)
    out.say(f"Learned from {n} invented users and {len(done.users.dataset)} synthetic rankings (no real ones).")
    for missing in done.lacking:
        out.say(f"Left out: {missing}")
    users = f"{done.candidates[0].reports[0].n_users} users a row"
    title = f"Judged on held-out users ({users}; oracle = the best anybody could do knowing as much)"
    tables.judgement(title, {c.name: c.reports for c in done.candidates}, metric).print()
    tables.whole_catalog({c.name: c.reports[0] for c in done.candidates}).print()
    rows = [
        [str(v.id), c.name, f"{c.seconds:.1f} s", f"{c.peak_memory / 2**20:.0f} MB", v.state]
        for c, v in zip(done.candidates, done.versions, strict=True)
    ]
    Table("Versions", [">version", "model", ">learned in", ">peak memory", "state"], rows).print()
    active = f"Version {done.active.id} ({done.active.algorithm})"
    if done.kept:
        out.say(f"{active} stays active: it was better, or real users taught it.")
    else:
        out.say(f"{active} is active. Try: tastemaker recommend --like TITLE")


def train(
    start: Annotated[str, typer.Option("--from", help="`active`, or a version's number.")] = "active",
    epochs: Annotated[int | None, typer.Option(help="Passes over the events.")] = None,
    batch_size: Annotated[int | None, typer.Option(help="Users a step.")] = None,
    learning_rate: Annotated[float | None, typer.Option(help="Step size.")] = None,
    seed: Seed = 0,
    where: Where = ".",
    json: Json = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """Fine-tune a version on real events; it becomes active when it is clearly better."""
    from ..lifecycle import Project

    out = Output(json, quiet, verbose)
    asked = {"epochs": epochs, "batch_size": batch_size, "learning_rate": learning_rate}
    options = {name: value for name, value in asked.items() if value is not None}
    with Project.open(where) as project, out.watching() as watch:
        done = project.train(start, seed, watch, options)
        metric = project.recipe.judge.metric
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


def evaluate(
    version: Annotated[int | None, typer.Option(help="A version's number; the active one by default.")] = None,
    seed: Annotated[int, typer.Option(help="Which held-out users are drawn.")] = 1,
    where: Where = ".",
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Judge at length: held-out users, held-out items, and the cold-start curve (table and PNG)."""
    from dataclasses import asdict

    from ..lifecycle import Project

    out = Output(json, quiet)
    with Project.open(where) as project, out.watching() as watch:
        found = project.evaluate(seed, watch, version)
        metric = project.recipe.judge.metric
    if json:
        curve = {line: {k: asdict(i) for k, i in points.items()} for line, points in found.curve.items()}
        items = {name: report.as_json() for name, report in found.items.items()}
        users = [report.as_json() for report in found.users]
        out.result(
            {"version": found.version.id, "users": users, "items": items, "curve": curve, "plot": str(found.plot)}
        )
        return
    name = f"{found.version.algorithm} (version {found.version.id})"
    tables.judgement("Held-out users", {name: found.users}, metric).print()
    tables.whole_catalog({name: found.users[0]}).print()
    unseen = {model: [report] for model, report in found.items.items()}
    title = "Held-out items: learned again without a fifth of the catalog, features too"
    tables.judgement(title, unseen, metric).print()
    tables.curve(found.curve).print()
    out.say(f"The curve as a picture: {found.plot}")
