"""experiment plan, start, report, stop, validate, pretrained, estimate."""

from contextlib import closing
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from . import experiment_tables as show
from .output import Json, Output, Quiet, Where

if TYPE_CHECKING:
    from ..store import Store

app = typer.Typer(no_args_is_help=True, add_completion=False, rich_markup_mode=None)

Share = Annotated[float, typer.Option(help="The part of the users who get the treatment.")]
Metric = Annotated[str, typer.Option(help="like_accuracy, like_rate, likes, hits, outcomes, error, place, fallback.")]
Effect = Annotated[
    str | None, typer.Option(help="The smallest difference worth finding: 5% of the control's figure, or 0.02.")
]
Days = Annotated[float | None, typer.Option(help="How long it may take; the effect that this finds follows.")]
Guards = Annotated[
    list[str] | None, typer.Option("--guard", help="May not get worse: like_rate, or like_rate=5% at most. Repeatable.")
]
Power = Annotated[float, typer.Option(help="The chance to find a difference of that size.")]
Alpha = Annotated[float, typer.Option(help="The chance to find one where there is none, over all looks together.")]
Seed = Annotated[int, typer.Option(help="The same seed gives the same simulations and models.")]


@app.command()
def plan(
    control: Annotated[int, typer.Argument(help="The version that is to be beaten.")],
    share: Share = 0.5, metric: Metric = "like_accuracy", effect: Effect = None, days: Days = None,
    power: Power = 0.9, alpha: Alpha = 0.05, where: Where = ".", json: Json = False,
) -> None:  # fmt: skip
    """How many users and days would it need? Nothing is started."""
    from ..experiment import check_options

    with closing(_open(where)) as store:
        found = check_options(
            store, control, share=share, metric=metric, effect=effect, days=days, power=power, alpha=alpha
        )
    Output(json).result(asdict(found), text=show.planned(found, metric))


@app.command()
def start(
    control: Annotated[int, typer.Argument(help="The version that is to be beaten.")],
    treatment: Annotated[int, typer.Argument(help="The version that may be better.")],
    share: Share = 0.5, metric: Metric = "like_accuracy", effect: Effect = None, guard: Guards = None,
    days: Days = None, power: Power = 0.9, alpha: Alpha = 0.05,
    why: Annotated[str, typer.Option(help="Why; kept.")] = "by hand", where: Where = ".", json: Json = False,
) -> None:  # fmt: skip
    """Let one version answer some users and another the rest, until `stop` or until a guard breaks."""
    from ..experiment import start as begin
    from ..store import active_version

    with closing(_open(where)) as store:
        found = begin(
            store, control, treatment, share=share, metric=metric, effect=effect, guards=guard or (), days=days,
            power=power, alpha=alpha, reason=why,
        )  # fmt: skip
        with store.read() as conn:
            active = active_version(conn)
    out = Output(json)
    if active is not None and active.id not in (control, treatment) and not json:
        out.say(
            f"Version {active.id}, which answers now, is in neither arm: the service answers everybody by {control} or "
            f"{treatment} until tastemaker experiment stop; recommend on the command line still asks {active.id}."
        )
    out.result(asdict(found), text=show.started(found))


@app.command()
def report(
    number: Annotated[int | None, typer.Argument(help="An experiment's number; the latest by default.")] = None,
    where: Where = ".",
    json: Json = False,
) -> None:
    """Arms, lift, interval, sample ratio, guards, what it still needs, and the verdict. A broken guard ends it."""
    from ..experiment import look

    with closing(_open(where)) as store:
        found = look(store, number)
    out = Output(json)
    if json:
        out.result(found.as_json())
        return
    show.arms(found).print()
    show.figures(found).print()
    out.result(None, show.guards(found) if found.guards else None, show.told(found))


@app.command()
def stop(
    why: Annotated[str, typer.Option(help="Why; kept.")] = "by hand", where: Where = ".", json: Json = False
) -> None:
    """End the running experiment; the active version answers everybody again."""
    from ..experiment import stop as end

    with closing(_open(where)) as store:
        found = end(store, why)
    said = f"Experiment {found.experiment.id} has ended; the active version answers everybody. {found.verdict.sentence}"
    Output(json).result(found.as_json(), text=said)


@app.command()
def validate(
    metric: Metric = "like_accuracy",
    looks: Annotated[int, typer.Option(min=1, help="How often somebody looks until the planned size.")] = 20,
    sims: Annotated[int, typer.Option(min=10, help="Simulated experiments a row.")] = 2000,
    share: Share = 0.5, power: Power = 0.9, alpha: Alpha = 0.05, seed: Seed = 0, where: Where = ".",
    json: Json = False, quiet: Quiet = False,
) -> None:  # fmt: skip
    """What would an experiment do on this project's users? False alarms (A/A) and power (A/B), simulated."""
    from ..lifecycle import Project
    from ..lifecycle.experimenting import validate as simulated

    with Project.open(where) as project:
        found = simulated(
            project.store, project.recipe, metric, share=share, looks=looks, sims=sims, alpha=alpha, power=power,
            seed=seed,
        )  # fmt: skip
    Output(json, quiet).result(asdict(found), show.simulated(found), show.validated(found))


@app.command()
def pretrained(
    version: Annotated[int | None, typer.Option(help="The pre-trained version; the active one by default.")] = None,
    share: Share = 0.5, metric: Metric = "like_accuracy", effect: Effect = None, guard: Guards = None,
    days: Days = None, seed: Seed = 0, where: Where = ".", json: Json = False, quiet: Quiet = False,
) -> None:  # fmt: skip
    """Does pre-training help real users? Learns its like from a random start and starts the experiment."""
    from ..lifecycle import Project
    from ..lifecycle.experimenting import start_pretrained

    out = Output(json, quiet)
    options: dict[str, Any] = {"share": share, "metric": metric, "effect": effect, "guards": guard or (), "days": days}
    with Project.open(where) as project, out.watching() as watch:
        found = start_pretrained(project.store, project.recipe, seed, watch, options, version)
    out.result(asdict(found), text=show.started(found))


@app.command()
def estimate(
    version: Annotated[int, typer.Argument(help="The version to judge before anyone sees it.")],
    where: Where = ".",
    json: Json = False,
) -> None:
    """What would a version have earned on slates that others showed? Needs a log made with `explore` above 0."""
    from ..experiment import estimate as judged

    with closing(_open(where)) as store:
        found = judged(store, version)
    Output(json).result(asdict(found), show.estimated(found), show.reward(found))


def _open(where: str) -> "Store":
    from ..store import Store
    from ..store.location import find_root

    return Store.open(find_root(where))
