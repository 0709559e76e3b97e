"""serve, and the keys that open it."""

from contextlib import closing
from dataclasses import asdict
from time import time
from typing import TYPE_CHECKING, Annotated, Any

import typer

from .output import Json, Output, Table, Where
from .ports import check_free

if TYPE_CHECKING:
    from ..store.keys import Key

keys = typer.Typer(no_args_is_help=True, add_completion=False, rich_markup_mode=None)
Scopes = Annotated[list[str] | None, typer.Option("--scope", "-s", help="read, ingest or admin; repeat it.")]


def register(app: typer.Typer) -> None:
    app.command()(serve)
    app.add_typer(keys, name="keys", help="Who may ask the service: create, list, revoke.")


def serve(
    directories: Annotated[list[str] | None, typer.Argument(help="Projects; this one if none is named.")] = None,
    host: Annotated[str, typer.Option(help="The address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="The port.", min=1, max=65535)] = 8000,
    workers: Annotated[int, typer.Option(help="Processes; about one a core.", min=1, max=64)] = 1,
    server: Annotated[str, typer.Option(help="uvicorn or granian.")] = "uvicorn",
    insecure_local: Annotated[bool, typer.Option(help="Ask for no key; on this machine alone.")] = False,
    deadline: Annotated[int, typer.Option(help="Milliseconds until a lower level answers.", min=10, max=60000)] = 500,
    rate: Annotated[float, typer.Option(help="Requests a second for a key without a rate of its own.")] = 10_000.0,
    memory: Annotated[int, typer.Option(help="MB for the models of one project, 0 = no limit.", min=0)] = 0,
    jobs: Annotated[bool, typer.Option(help="Carry out jobs that are asked for, in processes of their own.")] = True,
    tick: Annotated[int, typer.Option(help="Seconds between two `tick`s, 0 = somebody else calls it.", min=0)] = 0,
    access_log: Annotated[bool, typer.Option(help="Log every request, not only those that failed.")] = False,
    json: Json = False,
) -> None:
    """Put projects behind HTTP. Answers from version 0 on; a new active version is taken up without a restart."""
    from ..serve.run import checked
    from ..serve.run import serve as run
    from ..serve.settings import Settings

    settings = checked(Settings(
        projects=tuple(directories or ["."]), host=host, port=port, workers=workers, server=server,
        open_door=insecure_local, deadline_ms=deadline, rate=rate, burst=2 * rate, memory_mb=memory, run_jobs=jobs,
        access_log=access_log, tick_s=tick,
    ))  # fmt: skip
    check_free(host, port)
    url = f"http://{host}:{port}"
    said = f"Serving {', '.join(settings.projects)} on {url} ({server}, {workers} worker{'s' * (workers > 1)})."
    out = Output(json)
    out.result({"url": url, "projects": settings.projects, "workers": workers, "server": server}, text=said)
    run(settings)


@keys.command()
def create(
    name: Annotated[str, typer.Argument(help="Whose key it is.")],
    scope: Scopes = None,
    rate: Annotated[float | None, typer.Option(help="Requests a second; the service's default otherwise.")] = None,
    where: Where = ".",
    json: Json = False,
) -> None:
    """Make a key. It is printed once, and stored hashed. Without a scope it may only read."""
    from ..store import Store
    from ..store.keys import create_key
    from ..store.location import find_root

    with closing(Store.open(find_root(where))) as store, store.begin() as conn:
        key, token = create_key(conn, name, scope or ["read"], int(time()), rate)
    said = f"{token}\nKeep it: it is not shown again. Use it as: Authorization: Bearer {token[:12]}…"
    Output(json).result({**_shown(key), "key": token}, text=said)


@keys.command("list")
def list_(where: Where = ".", json: Json = False) -> None:
    """All keys of the project, without what opens it."""
    from ..store import Store
    from ..store.keys import list_keys
    from ..store.location import find_root

    with closing(Store.open(find_root(where))) as store, store.read() as conn:
        found = list_keys(conn)
    rows = [[key.id, key.name, ", ".join(key.scopes), "revoked" if key.revoked_at else "live"] for key in found]
    table = Table("Keys", ["id", "name", "scopes", "state"], rows)
    Output(json).result([_shown(key) for key in found], table if found else None, "" if found else "No key yet.")


@keys.command()
def revoke(
    key: Annotated[str, typer.Argument(help="The key's id, or its name.")], where: Where = ".", json: Json = False
) -> None:
    """From now on nobody gets in with it; a service that runs hears of it within a second."""
    from ..store import Store
    from ..store.keys import revoke_key
    from ..store.location import find_root

    with closing(Store.open(find_root(where))) as store, store.begin() as conn:
        found = revoke_key(conn, key, int(time()))
    Output(json).result(_shown(found), text=f"Key {found.id} ({found.name}) is revoked.")


def _shown(key: "Key") -> dict[str, Any]:
    return {name: value for name, value in asdict(key).items() if name != "digest"}
