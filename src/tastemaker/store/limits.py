"""A time limit on every use of a connection, kept by the client.

A server that hangs keeps its connections open and says nothing, and a limit that it is asked to keep
(statement_timeout) it does not keep either. So the connection is shut under who waited too long, and fails like any
that is lost.
"""

import socket
from contextlib import suppress
from threading import Lock
from time import monotonic
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import InvalidatePoolError


class Limits:
    """Keeps none by itself: somebody calls `enforce`, often, from a thread that waits for no database."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._used: dict[Any, tuple[float, Any]] = {}  # pool's entry -> until when, and its connection

    def on(self, engine: sa.Engine, seconds: float) -> sa.Engine:
        """The engine, from now on with this limit. It must not ping by itself: that would know no limit."""

        def begin(raw: Any, entry: Any, *_: Any) -> None:
            with self._lock:
                self._used[entry] = (monotonic() + seconds, raw)

        def end(_: Any, entry: Any, *__: Any) -> None:
            with self._lock:
                self._used.pop(entry, None)

        def ping(raw: Any, entry: Any, _: Any) -> None:
            begin(raw, entry)
            if entry.info.setdefault("fresh", True):
                entry.info["fresh"] = False
                return
            try:
                engine.dialect.do_ping(raw)
            except Exception as error:
                with self._lock:
                    hung = entry not in self._used
                if hung:
                    raise  # another connection would hang as well
                end(raw, entry)
                raise InvalidatePoolError from error  # it was lost: they are all made anew

        if engine.dialect.name == "postgresql":
            for name, listener in (
                ("connect", begin), ("checkout", ping), ("checkin", end), ("close", end), ("invalidate", end),
            ):  # fmt: skip
                sa.event.listen(engine, name, listener, insert=True)
        return engine

    def enforce(self) -> None:
        """Shut what has been used for too long."""
        now = monotonic()
        with self._lock:  # as long as it is held, nobody closes one and gets its number for something else
            for entry, (until, raw) in list(self._used.items()):
                if until < now:
                    del self._used[entry]
                    with suppress(Exception):  # it may be closed already, by either side
                        _shut(raw.fileno())


def _shut(fileno: int) -> None:
    """The number stays whose it is."""
    connection = socket.socket(fileno=fileno)
    try:
        connection.shutdown(socket.SHUT_RDWR)
    finally:
        connection.detach()
