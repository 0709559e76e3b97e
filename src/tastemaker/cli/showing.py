"""app, report: what people look at, in the browser or as one page to send."""

from pathlib import Path
from typing import Annotated

import typer

from .output import Json, Output, Where
from .ports import check_free

Port = Annotated[int, typer.Option(help="Where the app listens.")]
Address = Annotated[str, typer.Option(help="Who may reach it: 127.0.0.1 is this machine alone, 0.0.0.0 is everybody.")]
ReadOnly = Annotated[bool, typer.Option("--read-only", help="To look at only: nothing can be changed or recorded.")]
Key = Annotated[
    str | None,
    typer.Option("--admin-key", envvar="TASTEMAKER_ADMIN_KEY", help="What changes ask for; needed off this machine."),
]


def register(app: typer.Typer) -> None:
    app.command(name="app")(open_app)
    app.command()(report)


def open_app(
    where: Where = ".",
    port: Port = 8501,
    address: Address = "127.0.0.1",
    read_only: ReadOnly = False,
    admin_key: Key = None,
    json: Json = False,
) -> None:
    """See what the recommender does, and why, in the browser; it never trains in its own process."""
    from ..app.settings import LOOPBACK, Settings
    from ..app.start import check_extra, run_app
    from ..store.location import find_root

    check_extra()
    root = find_root(where)
    check_free(address, port)
    shown = LOOPBACK if address == "0.0.0.0" else address
    Output(json).result({"url": f"http://{shown}:{port}", "project": str(root)}, text=f"http://{shown}:{port}")
    raise typer.Exit(run_app(Settings(root, read_only, address, admin_key or ""), port))


def report(
    to: Annotated[Path | None, typer.Option("--to", help="The file; report.html in the project by default.")] = None,
    where: Where = ".",
    json: Json = False,
) -> None:
    """The project on one HTML page that needs nothing else: to attach to a mail."""
    from contextlib import closing
    from time import time

    from ..app.report import write_report
    from ..store import Store
    from ..store.location import find_root

    root = find_root(where)
    with closing(Store.open(root)) as store:
        file = write_report(store, to or root / "report.html", int(time()))
    Output(json).result({"file": str(file), "bytes": file.stat().st_size}, text=f"To read or to send: {file}")
