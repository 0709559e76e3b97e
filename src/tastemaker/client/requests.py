"""Every call as a request that is safe to repeat, and every answer as a value; what both clients share."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from random import random
from typing import Any, Generic, TypeVar
from urllib.parse import quote
from uuid import uuid4

from ..errors import ServiceError
from .answers import Event, Receipts, Recommendations

T = TypeVar("T")
AGAIN = (429, 502, 503, 504)  # statuses after which the same request may succeed
FIRST, LONGEST = 0.1, 5.0  # seconds


@dataclass(frozen=True)
class Call(Generic[T]):
    """repeat: may it be sent again when nobody knows whether it was heard?"""

    method: str
    path: str
    read: Callable[[Any], T]
    params: Mapping[str, Any] = field(default_factory=dict)
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)
    repeat: bool = True


def pause(attempt: int, retry_after: str | None = None) -> float:
    """Seconds before the next attempt: what the service says, else twice as long each time, and not all at once."""
    if retry_after is not None and retry_after.isdigit():
        return min(float(retry_after), LONGEST)
    return float(min(FIRST * 2**attempt, LONGEST) * (0.5 + random()))


def error_of(status: int, body: Any) -> ServiceError:
    said = body if isinstance(body, dict) else {}
    return ServiceError(status, str(said.get("detail", "no reason given")), str(said.get("request_id", "")))


def recommend(user: str, n: int, explain: bool) -> Call[Recommendations]:
    params = {"n": n, **({"explain": "true"} if explain else {})}
    return Call("GET", f"/v1/users/{quote(user, safe='')}/recommendations", Recommendations.of, params)


def ask(**asked: Any) -> Call[Recommendations]:
    body = {name: value for name, value in asked.items() if value is not None}
    return Call("POST", "/v1/recommendations", Recommendations.of, body=body)


def similar(item: str, n: int) -> Call[Recommendations]:
    return Call("GET", f"/v1/items/{quote(item, safe='')}/similar", Recommendations.of, {"n": n})


def send(events: Iterable[Event], key: str | None) -> Call[Receipts]:
    """The key is made once, before the first attempt: whoever sends again cannot store anything twice."""
    body = [event.as_json() for event in events]
    return Call("POST", "/v1/events", Receipts.of, body=body, headers={"Idempotency-Key": key or uuid4().hex})


def put(what: str, rows: Sequence[Mapping[str, Any]]) -> Call[Mapping[str, Any]]:
    return Call("POST", f"/v1/{what}", dict, body=[dict(row) for row in rows])


def explain(request_id: str) -> Call[Mapping[str, Any]]:
    return Call("GET", f"/v1/explanations/{quote(request_id, safe='')}", dict)


def forget(user: str) -> Call[Mapping[str, Any]]:
    return Call("DELETE", f"/v1/users/{quote(user, safe='')}", dict, repeat=False)


def get(path: str, **params: Any) -> Call[Mapping[str, Any]]:
    return Call("GET", f"/v1/{path}", dict, params)


def act(path: str, body: Any = None, repeat: bool = False) -> Call[Mapping[str, Any]]:
    return Call("POST", f"/v1/{path}", dict, body=body, repeat=repeat)
