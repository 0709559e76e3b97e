"""JSON as the standard has it: no NaN, no lone surrogates, not nested without end."""

from collections.abc import Callable, Coroutine
from typing import Any

import orjson
from fastapi.routing import APIRoute
from starlette.requests import Request
from starlette.responses import Response

from .problems import Refused

DEPTH = 20


class StrictRequest(Request):
    async def json(self) -> Any:
        try:
            found = orjson.loads(await self.body())
        except orjson.JSONDecodeError as error:
            raise Refused(400, f"The body is not JSON: {str(error)[:200]}.") from error
        _check_depth(found, DEPTH)
        return found


class StrictRoute(APIRoute):
    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handler = super().get_route_handler()
        known = frozenset(field.alias for field in self.dependant.query_params)

        async def strict(request: Request) -> Response:
            request.scope["route_name"] = self.name.replace("_", " ")
            _check_names(request, known)
            return await handler(StrictRequest(request.scope, request.receive))

        return strict


def _check_names(request: Request, known: frozenset[str]) -> None:
    for name in request.query_params:
        if name not in known:
            has = ", ".join(sorted(known)) or "none"
            raise Refused(422, f"There is no query parameter {name[:50]!r} here. There are: {has}.")


def _check_depth(value: Any, left: int) -> None:
    if left == 0:
        raise Refused(400, f"The body is nested more than {DEPTH} deep.")
    if isinstance(value, dict):
        for part in value.values():
            _check_depth(part, left - 1)
    elif isinstance(value, list):
        for part in value:
            if isinstance(part, dict | list):
                _check_depth(part, left - 1)
