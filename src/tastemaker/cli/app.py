"""The command tree."""

from typing import Annotated

import typer

from . import (
    comparing,
    data,
    database,
    demo,
    experimenting,
    explaining,
    frames,
    impact,
    jobs,
    learning,
    loop,
    models,
    moments,
    recommending,
    replaying,
    serving,
    showing,
    status,
    training,
    tuning,
)

app = typer.Typer(
    help="A recommender that is useful before its first user, and keeps itself good afterwards.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)

ROOMS = (
    demo, data, moments, learning, training, comparing, recommending, models, loop, status, impact, replaying, showing,
)  # fmt: skip
for room in ROOMS:
    room.register(app)
explaining.register(app)
frames.register(app)
app.add_typer(database.app, name="db", help="Look after the database: check, upgrade, backup, restore.")
app.add_typer(jobs.app, name="jobs", help="What is trained in the background: list, run, cancel.")
app.add_typer(experimenting.app, name="experiment", help="Let two versions answer real users, and say which is better.")
app.add_typer(tuning.app, name="tune")
serving.register(app)


def _told(asked: bool) -> None:
    if asked:
        from importlib.metadata import version

        typer.echo(f"tastemaker {version('tastemaker')}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", help="Print the version and exit.", callback=_told, is_eager=True)
    ] = False,
) -> None:
    pass
