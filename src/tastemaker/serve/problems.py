"""Every error as application/problem+json (RFC 9457): what is wrong, in words for people, no secret in it."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

import orjson

from ..errors import ArtifactError, LeaseHeld, QueryError, StoreError, TastemakerError

MEDIA = "application/problem+json"
SECURITY = (
    (b"x-content-type-options", b"nosniff"),
    (b"cache-control", b"no-store"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
    (b"referrer-policy", b"no-referrer"),
)
UNKNOWN = ("No ", "Nothing can be filtered", "The catalog has no")
ASK = "What can be asked stands in /openapi.json, which needs no key."
CONFLICTS = (
    "no experiment", "is the active one", "was the first", "No version is active", "was pruned", "is running",
    "is queued", "is done",
)  # fmt: skip
Send = Any


class Refused(Exception):
    """A request that is answered by an error."""

    def __init__(
        self,
        status: int,
        detail: str,
        headers: Mapping[str, str] | None = None,
        errors: list[dict[str, Any]] | None = None,
    ) -> None:
        super().__init__(detail)
        self.status, self.detail, self.headers, self.errors = status, detail, dict(headers or {}), errors


def problem(status: int, detail: str, request_id: str, errors: list[dict[str, Any]] | None = None) -> bytes:
    said: dict[str, Any] = {
        "type": "about:blank", "title": HTTPStatus(status).phrase, "status": status, "detail": detail,
        "request_id": request_id,
    }  # fmt: skip
    if errors is not None:
        said["errors"] = errors
    return orjson.dumps(said)


def refusal_of(error: BaseException) -> Refused:
    """What a program is told of an error of ours; of any other one only that there was one."""
    if isinstance(error, Refused):
        return error
    if isinstance(error, QueryError):
        missing = str(error).startswith(UNKNOWN)
        return Refused(404 if missing else 422, str(error))
    if isinstance(error, StoreError):
        return _of_store(error)
    if isinstance(error, TastemakerError):
        return Refused(422, str(error))
    return Refused(500, "Something unexpected failed here. The service's log has the request id.")


def _of_store(error: StoreError) -> Refused:
    said = str(error)
    if isinstance(error, LeaseHeld) or any(sign in said for sign in CONFLICTS):
        return Refused(409, said)
    if isinstance(error, ArtifactError):
        return Refused(503, "A saved model cannot be read. Ask whoever runs the service to look at its log.")
    away = "The database is away or full" if ("/" in said or "@" in said) else said  # no path, no address
    return Refused(503, f"{away.rstrip('.')}. Try again in a moment.", {"Retry-After": "1"})


async def send_refusal(send: Send, refused: Refused, request_id: str) -> None:
    headers = [(name.lower().encode(), value.encode()) for name, value in refused.headers.items()]
    body = problem(refused.status, refused.detail, request_id, refused.errors)
    await send_body(send, refused.status, body, request_id, MEDIA.encode(), headers)


async def send_body(
    send: Send, status: int, body: bytes, request_id: str, media: bytes = b"application/json",
    more: list[tuple[bytes, bytes]] | None = None,
) -> None:  # fmt: skip
    length = (b"content-length", str(len(body)).encode())
    headers = [(b"content-type", media), length, (b"x-request-id", request_id.encode()), *SECURITY, *(more or ())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
