"""tune, tune review, tune history."""

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from .output import Json, Output, Quiet, Table, Where

if TYPE_CHECKING:
    from ..lifecycle.tuning import Tuned
    from ..tune.report import Report

Study = Annotated[str | None, typer.Argument(help="A study's id; the latest one by default.")]

app = typer.Typer(no_args_is_help=False, context_settings={"help_option_names": ["-h", "--help"]})


@app.callback(invoke_without_command=True)
def tune(
    context: typer.Context,
    model: Annotated[str | None, typer.Option(help="A model of the recipe; by default the active one.")] = None,
    search: Annotated[str | None, typer.Option(help="bayesian (20 trials), random (50) or grid (81).")] = None,
    trials: Annotated[int | None, typer.Option(help="How many settings are tried, the present ones first.")] = None,
    seed: Annotated[int | None, typer.Option(help="The same seed tries the same settings.")] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with the latest study, or with --study.")] = False,
    study: Annotated[str | None, typer.Option(help="Which study --resume goes on with.")] = None,
    jobs: Annotated[int, typer.Option(help="Processes that work on it at once.")] = 1,
    minutes: Annotated[float | None, typer.Option(help="No trial begins after that long; --resume goes on.")] = None,
    metric: Annotated[
        str | None, typer.Option(help="log loss (the default for accuracy), accuracy, rmse or ndcg@20.")
    ] = None,
    where: Where = ".",
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Search better settings on validation data; nothing is applied before `tune review` is told so."""
    if context.invoked_subcommand is not None:
        return
    from ..errors import QueryError
    from ..lifecycle import Project
    from ..lifecycle.tuning_begin import Wanted

    if study is not None and not resume:
        raise QueryError(f"--study {study} says what to go on with. Add --resume.")
    out = Output(json, quiet)
    wanted = Wanted(model, search, trials, seed, (study or "") if resume else None, jobs, minutes, metric)
    with Project.open(where) as project, out.watching(again="to go on: tastemaker tune --resume") as watch:
        done = project.tune(wanted, watch)
        project.tune_report(done.study.id)
    _show(done, out)
    if not json:
        out.say(f"The report: {done.folder / 'report.html'} (also report.png, best_hp.json)")
    if done.helpers_failed and not json:
        out.say(f"{done.helpers_failed} of the processes beside this one ended early: see the logs in {done.folder}")
    if not done.over:
        out.say("Not all trials are made. Go on: tastemaker tune --resume")
    elif done.report.sure:
        out.say("To apply the best settings: tastemaker tune review")
    elif done.report.changes():
        out.say("Keep the present settings, or try more. To apply the best ones all the same: tastemaker tune review")


@app.command()
def review(
    study: Study = None,
    yes: Annotated[bool, typer.Option("--yes", help="Apply the best settings without asking.")] = False,
    where: Where = ".",
    json: Json = False,
) -> None:
    """The best settings beside the present ones; on request they are written into recipe.toml."""
    from ..lifecycle import Project

    out = Output(json)
    with Project.open(where) as project:
        found = project.tune_review(study)
        if not json:
            _show(found, out)
        ask = not json and not yes and bool(found.report.changes()) and _person()
        chosen = yes or (ask and typer.confirm(f"Write them into {project.store.root / 'recipe.toml'}?"))
        applied = project.tune_apply(found.study.id) if chosen else None
    changes = {} if applied is None else {path: list(pair) for path, pair in applied.changes.items()}
    if json:
        out.result({**_json(found), "applied": applied is not None, "written": changes})
    elif applied is None:
        out.say("Nothing was changed." + ("" if ask or not found.report.changes() else " To apply: --yes"))
    elif changes:
        out.say(f"[models.{applied.model}] has them now. Learn with them: tastemaker train")
    else:
        out.say(f"[models.{applied.model}] has these settings already.")


@app.command()
def history(where: Where = ".", json: Json = False) -> None:
    """Every study: what was searched, how far it came, what it gained, whether it was applied."""
    from contextlib import closing
    from dataclasses import asdict

    from ..store import Store
    from ..store.location import find_root
    from ..store.tuning import list_studies

    with closing(Store.open(find_root(where))) as store, store.read() as conn:
        found = list_studies(conn)
    rows = []
    for one in found:
        result = one.result or {}
        gain = (result.get("gain") or {}).get("gain")
        gained = f"{gain['mean']:+.4f} [{gain['low']:+.4f}, {gain['high']:+.4f}]" if gain else ""
        best = f"{result['value']:.4f}" if result.get("value") is not None else ""
        applied = "yes" if result.get("applied_at") else ""
        rows.append([one.id, one.model, str(one.settings["trials"]), one.state, one.metric, best, gained, applied])
    columns = ["study", "model", ">trials", "state", "metric", ">best", "gain, 95 %", "applied"]
    text = "" if found else "Nothing was tuned yet. Run: tastemaker tune"
    Output(json).result([asdict(one) for one in found], Table("", columns, rows) if found else None, text)


def _show(found: "Tuned", out: Output) -> None:
    from ..tune.picture import said, text
    from ..tune.report import UNSEEN

    report = found.report
    if out.json:
        out.result(_json(found))
        return
    if report.best is not None and report.present is not None:
        rows = [
            [report.name(path), text(report.present.params[path]), text(report.best.params[path])]
            + [_share(report, path)] * bool(report.importance)
            for path in report.slices()
        ]
        heads = ["field", ">present", ">best", *[">importance"] * bool(report.importance)]
        Table(f"{report.model}, by {report.metric}", heads, rows).print()
        out.say(f"{report.unranked}\n") if report.unranked else None
    known = f" It began with {found.known} earlier trials." if found.known else ""
    out.result(None, text=f"Study {report.study}, {report.protocol}: {said(report)}{known}\n({UNSEEN}.)")


def _share(report: "Report", path: str) -> str:
    return f"{report.importance[path]:.0%}" if path in report.importance else ""


def _person() -> bool:
    """Is there somebody to ask?"""
    return sys.stdin.isatty()


def _json(found: "Tuned") -> dict[str, object]:
    return {**found.report.as_json(), "state": found.study.state, "known": found.known, "folder": str(found.folder)}
