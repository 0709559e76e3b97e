"""pretrain, evaluate."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from . import tables
from .judged import beside_popularity, judged_columns, judged_row
from .output import Json, Output, Quiet, Table, Verbose, Where

if TYPE_CHECKING:
    from ..lifecycle.evaluating_events import EventEvaluation

Seed = Annotated[int, typer.Option(help="The same seed gives the same models.")]


def register(app: typer.Typer) -> None:
    app.command()(pretrain)
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
    from ..lifecycle.evaluating_events import EventEvaluation

    out = Output(json, quiet)
    with Project.open(where) as project, out.watching() as watch:
        found = project.evaluate(seed, watch, version)
        metric = project.recipe.judge.metric
    if isinstance(found, EventEvaluation):
        _show_on_events(found, out)
        return
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


def _show_on_events(found: "EventEvaluation", out: Output) -> None:
    if out.json:
        out.result(found.as_json())
        return
    name, title = f"{found.version.algorithm} (version {found.version.id})", found.protocol
    if found.outcomes is not None:
        report = found.outcomes
        floor = [f"{report.floor[m]:.4f}" for m in ("accuracy", "rmse", "log loss")]
        rows = [judged_row(name, report), ["the same guess for all", *floor, ""]]
        Table(f"Foretold: {title}; 95 %", ["", *(f">{c}" for c in judged_columns(report))], rows).print()
        parts = [[s, f"{i.mean:.3f} [{i.low:.3f}, {i.high:.3f}]", f"{n}"] for s, (i, n) in found.segments.items()]
        Table("By how much was known of the user", ["users", ">accuracy of likes", ">outcomes"], parts).print()
    if found.ranking is not None:
        heads = ["metric", ">value, 95 %", ">random", ">popular"]
        ranked = [
            [f"{m}@{found.ranking.k}", f"{r.model.mean:.4f} [{r.model.low:.4f}, {r.model.high:.4f}]",
             f"{r.floor:.4f}", tables.number(r.popular)]
            for m, r in found.ranking.metrics.items() if m in ("recall", "ndcg", "hit")
        ]  # fmt: skip
        Table(f"New likes found in the whole catalog; {found.ranking.n_users} users", heads, ranked).print()
        if said := beside_popularity(found.ranking):
            out.say(said)
    h = found.health
    out.say(f"Lists of ten cover {h.coverage:.1%} of the catalog; a query takes {1000 * h.latency:.1f} ms; "
            f"{h.memory / 1e6:.1f} MB.")  # fmt: skip
    for line in (found.fair, f"Calibration as a picture: {found.plot}" if found.plot else ""):
        if line:
            out.say(line)
