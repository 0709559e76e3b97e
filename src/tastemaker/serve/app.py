"""The application: routes, errors and documents, behind the door."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.metadata import version
from typing import Any

from ..errors import MissingExtra

try:
    from fastapi import FastAPI
    from fastapi.exceptions import RequestValidationError
    from starlette.exceptions import HTTPException
    from starlette.requests import Request
    from starlette.responses import Response
except ImportError as error:
    raise MissingExtra("fastapi", "serve", "The service") from error

from ..errors import TastemakerError
from .door import Door
from .models import MOST
from .problems import ASK, MEDIA, Refused, problem, refusal_of
from .routes import ROUTERS
from .settings import Settings
from .strict import StrictRoute
from .worker import Worker

ABOUT = """Recommendations that are never blank and always labelled. Every answer says which model, which level of the
fallback chain and why. Errors are application/problem+json."""


def create(settings: Settings | None = None) -> Door:
    """The ASGI application of one worker; settings: None = those in the environment."""
    chosen = Settings.of_environment() if settings is None else settings
    worker = Worker(chosen)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        await worker.start()
        try:
            yield
        finally:
            await worker.stop()

    app = FastAPI(
        title="Tastemaker", version=version("tastemaker"), description=ABOUT, lifespan=lifespan,
        docs_url=None, redoc_url=None, openapi_url="/openapi.json", separate_input_output_schemas=False,
    )  # fmt: skip
    app.state.worker = worker
    app.openapi = lambda: _document(app)  # type: ignore[method-assign]
    app.router.route_class = StrictRoute
    for router in ROUTERS:
        app.include_router(router)
    for kind in (TastemakerError, Refused, RequestValidationError, HTTPException, Exception):
        app.add_exception_handler(kind, _handled)
    return Door(worker, app)


def _document(app: FastAPI) -> dict[str, Any]:
    """The OpenAPI; names of fields that a caller chooses have to fit, which JSON Schema says by `propertyNames`."""
    if app.openapi_schema is None:
        app.openapi_schema = _named(FastAPI.openapi(app))
    return app.openapi_schema


def _named(value: Any) -> Any:
    if isinstance(value, list):
        return [_named(part) for part in value]
    if not isinstance(value, dict):
        return value
    found = {key: _named(part) for key, part in value.items()}
    if "patternProperties" in found:
        ((fits, part),) = found.pop("patternProperties").items()
        names = {"pattern": fits, "minLength": 1, "maxLength": MOST}
        found |= {"propertyNames": {**found.get("propertyNames", {}), **names}, "additionalProperties": part}
    return found


async def _handled(request: Request, error: Exception) -> Response:
    refused = _refused(error)
    body = problem(refused.status, refused.detail, request.scope["tastemaker_request"], refused.errors)
    if refused.status >= 500 and not isinstance(error, Refused):
        from .logs import log

        log("error", f"{type(error).__name__}: {error}", request_id=request.scope["tastemaker_request"])
    return Response(body, refused.status, refused.headers, MEDIA)


def _refused(error: Exception) -> Refused:
    if isinstance(error, RequestValidationError):
        errors = [{"where": _where(one["loc"]), "what": one["msg"]} for one in error.errors()[:20]]
        first = f"{errors[0]['where']}: {errors[0]['what']}" if errors else "nothing more is known"
        return Refused(422, f"The request is not as the OpenAPI says. {first}.", None, errors)
    if isinstance(error, HTTPException) and isinstance(error.__cause__, Refused):
        return error.__cause__  # of a body that the framework could not read
    if isinstance(error, HTTPException) and error.status_code == 404:
        return Refused(404, f"There is nothing here. {ASK}")
    if isinstance(error, HTTPException):
        return Refused(error.status_code, str(error.detail), dict(error.headers or {}))
    return refusal_of(error)


def _where(place: Any) -> str:
    return ".".join(str(part)[:100] for part in place)
