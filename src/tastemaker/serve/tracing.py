"""OpenTelemetry, where the environment names a collector: a span a request, the fast question included."""

import os
from typing import Any

from ..errors import MissingExtra

ENDPOINT = "OTEL_EXPORTER_OTLP_ENDPOINT"


def traced(door: Any) -> Any:
    """The door, with a span around every request; the door itself where nothing collects them."""
    if not os.environ.get(ENDPOINT):
        return door
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
    except ImportError as error:
        raise MissingExtra("opentelemetry", "telemetry", f"{ENDPOINT} is set, and tracing") from error
    provider = TracerProvider()
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    return around(door, provider)


def around(door: Any, provider: Any) -> Any:
    """Names the route, never the user; the status and the request id are attributes."""
    from opentelemetry.trace import SpanKind, Status, StatusCode

    tracer = provider.get_tracer("tastemaker")

    async def application(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            await door(scope, receive, send)
            return
        with tracer.start_as_current_span(scope["method"], kind=SpanKind.SERVER) as span:

            async def sent(message: Any) -> None:
                if message["type"] == "http.response.start":
                    span.set_attribute("http.response.status_code", message["status"])
                    if message["status"] >= 500:
                        span.set_status(Status(StatusCode.ERROR))
                await send(message)

            await door(scope, receive, sent)
            span.update_name(f"{scope['method']} {scope.get('route_name', 'other')}")
            span.set_attribute("tastemaker.request_id", scope.get("tastemaker_request", ""))

    return application
