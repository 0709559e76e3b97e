"""The client for programs that do not wait: asyncio."""

from asyncio import sleep
from collections.abc import Iterable, Mapping, Sequence
from types import TracebackType
from typing import Any, Self, TypeVar

from ..errors import MissingExtra
from . import requests
from .answers import Event, Receipts, Recommendations
from .requests import AGAIN, Call, error_of, pause

try:
    import httpx
except ImportError as error:
    raise MissingExtra("httpx", "client", "The client") from error

T = TypeVar("T")


class AsyncClient:
    """A project's service. key: as `tastemaker keys create` printed it; None = the service asks for none."""

    def __init__(
        self, url: str = "http://127.0.0.1:8000", key: str | None = None, *, timeout: float = 10.0, retries: int = 4,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:  # fmt: skip
        """timeout: seconds of one attempt; retries: attempts after the first one, each after a longer pause"""
        headers = {} if key is None else {"Authorization": f"Bearer {key}"}
        self._http = httpx.AsyncClient(base_url=url, headers=headers, timeout=timeout, transport=transport)
        self._retries = retries

    async def recommend(self, user: str, n: int = 10, explain: bool = False) -> Recommendations:
        """What this user may like."""
        return await self._do(requests.recommend(user, n, explain))

    async def ask(
        self, *, user: str | None = None, likes: Sequence[str] | None = None,
        ratings: Mapping[str, float] | None = None, taste: Mapping[str, float] | None = None,
        context: Mapping[str, Any] | None = None, candidates: Sequence[str] | None = None,
        exclude: Sequence[str] | None = None, filters: Mapping[str, str] | None = None,
        n: int = 10, diversity: float | None = None, explain: bool = False,
    ) -> Recommendations:  # fmt: skip
        """For anybody, from whatever is known."""
        return await self._do(requests.ask(
            user=user, likes=likes, ratings=ratings, taste=taste, context=context, candidates=candidates,
            exclude=exclude, filters=filters, n=n, diversity=diversity, explain=explain,
        ))  # fmt: skip

    async def similar(self, item: str, n: int = 10) -> Recommendations:
        """Items near this one in content."""
        return await self._do(requests.similar(item, n))

    async def send(self, events: Iterable[Event], idempotency_key: str | None = None) -> Receipts:
        """Up to 1,000 events; each is stored once, however often this has to be tried."""
        return await self._do(requests.send(events, idempotency_key))

    async def explain(self, request_id: str) -> Mapping[str, Any]:
        """Why an answer was what it was."""
        return await self._do(requests.explain(request_id))

    async def put_items(self, items: Sequence[Mapping[str, Any]]) -> Mapping[str, Any]:
        return await self._do(requests.put("items", items))

    async def put_users(self, users: Sequence[Mapping[str, Any]]) -> Mapping[str, Any]:
        return await self._do(requests.put("users", users))

    async def forget(self, user: str) -> Mapping[str, Any]:
        return await self._do(requests.forget(user))

    async def versions(self) -> Mapping[str, Any]:
        return await self._do(requests.get("versions"))

    async def activate(self, version: int, reason: str = "by a client") -> Mapping[str, Any]:
        return await self._do(requests.act(f"versions/{version}:activate", {"reason": reason}, repeat=True))

    async def rollback(self, reason: str = "by a client") -> Mapping[str, Any]:
        return await self._do(requests.act("versions:rollback", {"reason": reason}))

    async def retrain(self, search: int = 0, reason: str = "asked for by a client") -> Mapping[str, Any]:
        """Start a job; `job` says how far it is."""
        return await self._do(requests.act("jobs", {"kind": "retrain", "search": search, "reason": reason}))

    async def job(self, id_: int) -> Mapping[str, Any]:
        return await self._do(requests.get(f"jobs/{id_}"))

    async def report(self, experiment: int) -> Mapping[str, Any]:
        return await self._do(requests.get(f"experiments/{experiment}/report"))

    async def _do(self, call: Call[T]) -> T:
        """ServiceError where the service refuses, or cannot be reached by any attempt."""
        for attempt in range(self._retries + 1):
            last = attempt == self._retries
            try:
                found = await self._http.request(
                    call.method, call.path, params=dict(call.params), json=call.body, headers=dict(call.headers)
                )
            except httpx.TransportError as error:
                never_sent = isinstance(error, httpx.ConnectError | httpx.ConnectTimeout | httpx.PoolTimeout)
                if last or not (call.repeat or never_sent):
                    raise error_of(0, {"detail": f"{type(error).__name__}: it cannot be reached"}) from error
                await sleep(pause(attempt))
                continue
            if found.is_success:
                return call.read(found.json())
            if last or found.status_code not in AGAIN:
                raise error_of(found.status_code, _body(found))
            await sleep(pause(attempt, found.headers.get("retry-after")))
        raise AssertionError  # every last attempt returns or raises

    async def aclose(self) -> None:
        await self._http.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()


def _body(found: httpx.Response) -> Any:
    try:
        return found.json()
    except ValueError:
        return None
