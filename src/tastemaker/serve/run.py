"""Starting the service: checks before anything listens, then uvicorn or Granian with as many workers as are wanted."""

import os
import sys
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack, closing
from dataclasses import replace
from importlib.util import find_spec
from ipaddress import ip_address
from pathlib import Path
from typing import Any

from ..errors import MissingExtra, QueryError, StoreError
from ..store.keys import Key, list_keys
from ..store.location import find_root
from ..store.store import Store
from .logs import log
from .settings import ENVIRONMENT, Settings
from .ticking import ticking

NEEDED = {"fastapi": "serve", "orjson": "serve", "prometheus_client": "serve"}
SERVERS = {"uvicorn": "serve", "granian": "granian"}
APP = "tastemaker.serve.process:application"
MULTIPLE = "PROMETHEUS_MULTIPROC_DIR"
GRACE = 10  # seconds for requests under way when the service is stopped


def checked(settings: Settings) -> Settings:
    """With the projects' full paths; an error of ours where it could not serve."""
    for module, extra in (*NEEDED.items(), (settings.server, SERVERS.get(settings.server, "serve"))):
        if settings.server not in SERVERS:
            raise QueryError(f"{settings.server!r} is no server. There are: {', '.join(SERVERS)}.")
        if find_spec(module) is None:
            raise MissingExtra(module, extra, "The service")
    if settings.open_door and not _loopback(settings.host):
        raise QueryError(
            f"--insecure-local asks for no key, and {settings.host} is not this machine. Drop one of them."
        )
    roots = tuple(str(find_root(Path(root))) for root in settings.projects)
    names = [Path(root).name for root in roots]
    if len(set(names)) < len(names):
        raise QueryError(f"Two projects are called alike: {', '.join(names)}. Give directories of different names.")
    away: list[StoreError] = []
    for root in roots:
        try:
            keys = _keys(Path(root))
        except StoreError as error:
            away.append(error)
        else:
            _check_keys(root, keys, settings.open_door)
    if len(away) == len(roots):
        raise away[0]
    for reason in away:  # the others can be served, and it may come back
        log("error", f"cannot open a project yet: {reason}")
    return replace(settings, projects=roots)


def _keys(root: Path) -> list[Key]:
    with closing(Store.open(root)) as store, store.read() as conn:
        return [key for key in list_keys(conn) if key.revoked_at is None]


def _check_keys(root: str, keys: Sequence[Key], open_door: bool) -> None:
    if not keys and not open_door:
        raise StoreError(
            f"{root} has no key, so nobody could ask. Make one: tastemaker keys create app --scope read "
            "--scope ingest; or try it out on this machine alone: --insecure-local"
        )


def _loopback(host: str) -> bool:
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


def serve(settings: Settings) -> None:
    """Until it is stopped."""
    chosen = checked(settings)
    with ExitStack() as stack:
        if chosen.workers > 1:  # who serves alone shares nothing
            folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="tastemaker-service-"))
            chosen = replace(chosen, marks=str(Path(folder) / "marks"))
            os.environ[MULTIPLE] = folder
        os.environ[ENVIRONMENT] = chosen.as_text()
        stack.enter_context(ticking(chosen.projects, chosen.tick_s))
        (_uvicorn if chosen.server == "uvicorn" else _granian)(chosen)


def _uvicorn(settings: Settings) -> None:
    import uvicorn

    # A backlog for bursts; no access log of its own, since the door writes one; no header that names the server.
    uvicorn.run(
        APP, factory=True, host=settings.host, port=settings.port, workers=settings.workers, log_level="warning",
        http=_protocol(), access_log=False, server_header=False, date_header=False, backlog=2048,
        timeout_graceful_shutdown=GRACE, timeout_keep_alive=75, lifespan="on", proxy_headers=False, ws="none",
    )  # fmt: skip


def _protocol() -> Any:
    if find_spec("httptools") is None:
        return "auto"
    from .joined import JoinedProtocol

    return JoinedProtocol


def _granian(settings: Settings) -> None:
    from granian.constants import Interfaces, Loops
    from granian.server import Server

    loop = Loops.uvloop if find_spec("uvloop") is not None and sys.platform != "win32" else Loops.asyncio
    Server(
        APP, address=settings.host, port=settings.port, interface=Interfaces.ASGI, workers=settings.workers,
        loop=loop, log_enabled=False, factory=True, respawn_failed_workers=True, backlog=2048,
    ).serve()  # fmt: skip
