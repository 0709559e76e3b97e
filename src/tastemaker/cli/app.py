"""The command tree."""

import typer

from . import comparing, data, database, demo, learning, models, recommending

app = typer.Typer(
    help="A recommender that is useful before its first user, and keeps itself good afterwards.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)

for room in (demo, data, learning, comparing, recommending, models):
    room.register(app)
app.add_typer(database.app, name="db", help="Look after the database: check, upgrade, backup, restore.")


@app.callback()
def _options() -> None:
    pass
