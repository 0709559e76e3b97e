"""The door: what every request passes, before any framework: its id, its size, its key, its rate; and what every answer
carries. The question that is asked most, GET …/users/ID/recommendations, is answered right here."""

from collections.abc import Awaitable, Callable, Iterator, MutableMapping
from os import urandom
from re import compile as pattern
from time import monotonic, time
from typing import Any

from .logs import log
from .problems import SECURITY, Refused, refusal_of, send_body, send_refusal
from .repeated import recommended
from .worker import Caller, Worker

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
OPEN = ("/health/live", "/health/ready", "/openapi.json")
USERS, ASKED = "/v1/users/", "/recommendations"
_REQUEST_ID = pattern(rb"[A-Za-z0-9._-]{8,64}")
_PLAIN = pattern(rb"(?:n=([0-9]{1,4}))?(?:&?explain=(true|false))?")
BODIES = ("POST", "PUT", "PATCH", "DELETE")
QUIET = 400  # statuses from which on a request is logged without being asked to


class Door:
    def __init__(self, worker: Worker, app: Any) -> None:
        """app: a FastAPI, which is behind the door."""
        self._worker, self._app, self._ids = worker, app, _request_ids()

    def document(self) -> dict[str, Any]:
        """The OpenAPI."""
        found: dict[str, Any] = self._app.openapi()
        return found

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        begun, status, headers = monotonic(), [0], dict(scope["headers"])
        given = headers.get(b"x-request-id", b"")
        request_id = given.decode() if _REQUEST_ID.fullmatch(given) else next(self._ids)

        async def sent(message: Message) -> None:
            if message["type"] == "http.response.start":
                status[0] = message["status"]
            await send(message)

        try:
            await self._pass(scope, receive, sent, headers, request_id, begun)
        except Exception as error:
            if not status[0]:  # else the framework has answered, and hands the bug on
                await self._refuse(sent, error, request_id)
        took = monotonic() - begun
        self._worker.metrics.request(scope.get("route_name", "other"), status[0], took)
        if self._worker.settings.access_log or status[0] >= QUIET:
            log("info", f"{scope['method']} {scope.get('route_name', 'other')}", request_id=request_id,
                status=status[0], ms=round(took * 1000, 2))  # fmt: skip

    @staticmethod
    async def _refuse(send: Send, error: Exception, request_id: str) -> None:
        refused = refusal_of(error)
        if refused.status >= 500 and not isinstance(error, Refused):
            log("error", f"{type(error).__name__}: {error}", request_id=request_id)
        await send_refusal(send, refused, request_id)

    async def _pass(
        self, scope: Scope, receive: Receive, send: Send, headers: dict[bytes, bytes], request_id: str, begun: float
    ) -> None:
        path, caller = scope["path"], None
        scope["tastemaker_request"], scope["tastemaker_begun"] = request_id, begun
        if path not in OPEN:
            project = headers.get(b"tastemaker-project", b"").decode("latin-1")
            caller = self._worker.caller(headers.get(b"authorization", b"").decode("latin-1"), project)
            self._worker.admit(caller)
            scope["tastemaker_caller"] = caller
        if caller is not None and scope["method"] == "GET" and path.startswith(USERS) and path.endswith(ASKED):
            plain = _PLAIN.fullmatch(scope["query_string"])
            user = path[len(USERS) : -len(ASKED)]
            if plain is not None and plain[1] != b"0" and _fine(user):
                await self._recommend(send, caller, user, plain, request_id, begun)
                scope["route_name"] = "user recommendations"
                return
        if scope["method"] in BODIES:
            receive = await self._whole(receive, headers)
        await self._app(scope, receive, _dressed(send, request_id))

    async def _recommend(
        self, send: Send, caller: Caller, user: str, plain: Any, request_id: str, begun: float
    ) -> None:
        if not caller.key.allows("read"):
            raise Refused(403, "This key may not read. It needs the scope read.")
        n = int(plain[1] or 10)
        if n > self._worker.settings.page:
            raise Refused(422, f"n is {n}; ask for 1 to {self._worker.settings.page} items.")
        answer = await recommended(self._worker, caller.tenant, user, n, plain[2] == b"true")
        body = answer.body(request_id, begun)
        self._worker.shown(caller.tenant, request_id, answer)
        await send_body(send, 200, body, request_id)

    async def _whole(self, receive: Receive, headers: dict[bytes, bytes]) -> Receive:
        """The body, read before anything is done with it; Refused where it is too large."""
        most = self._worker.settings.body_bytes
        said = headers.get(b"content-length", b"0")
        if said.isdigit() and int(said) > most:
            raise Refused(413, f"The body has {int(said)} bytes; {most} are the most.", {"Connection": "close"})
        parts, size = [], 0
        while True:
            message = await receive()
            if message["type"] != "http.request":
                break
            parts.append(message.get("body", b""))
            size += len(parts[-1])
            if size > most:
                raise Refused(413, f"The body has more than {most} bytes.", {"Connection": "close"})
            if not message.get("more_body", False):
                break
        whole, given = b"".join(parts), False

        async def again() -> Message:
            nonlocal given
            if given:
                return await receive()
            given = True
            return {"type": "http.request", "body": whole, "more_body": False}

        return again


def _request_ids() -> Iterator[str]:
    """Of 24 hexadecimal digits, those of the second first: an index of what was shown lately grows at its end.

    Drawn many at once, since a call into the system for each lets other threads in between.
    """
    while True:
        drawn = urandom(8 * 256).hex()
        for start in range(0, len(drawn), 16):
            yield f"{int(time()):08x}{drawn[start : start + 16]}"


def _fine(user: str) -> bool:
    return 0 < len(user) <= 256 and user.isprintable() and "�" not in user


def _dressed(send: Send, request_id: str) -> Send:
    """Every answer carries its id and what browsers should know."""

    async def sent(message: Message) -> None:
        if message["type"] == "http.response.start":
            message["headers"] = [*message.get("headers", ()), (b"x-request-id", request_id.encode()), *SECURITY]
        await send(message)

    return sent
