"""Sends traces and metrics to an OpenTelemetry collector by OTLP over HTTP, when `OTEL_EXPORTER_OTLP_ENDPOINT` is set.

The packages are an optional extra (`playground-llm-compare[otel]`) and are imported only then. Sampling, batches and resource attributes
follow OpenTelemetry's own environment variables, which its SDK reads.
"""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from functools import partial
from urllib.parse import unquote

import anyio
from anyio.to_thread import run_sync

from playground import __version__
from playground.comparison.running.observation import RunObserver
from playground.kit.errors import StartupError
from playground.settings import Settings

_CLOSING_SECONDS = 5.0
"""How long the last spans may take to arrive when the service ends."""
_NOT_INSTALLED = "OTEL_EXPORTER_OTLP_ENDPOINT is set, but OpenTelemetry is not installed. Run pip install 'playground-llm-compare[otel]'."


@asynccontextmanager
async def open_telemetry(settings: Settings) -> AsyncIterator[Sequence[RunObserver]]:
    """Yield the observers that send traces and metrics: none without an endpoint. Raises `StartupError`."""
    endpoint = settings.otel_exporter_otlp_endpoint
    if endpoint is None:
        yield ()
        return
    try:
        from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter  # noqa: PLC0415
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter  # noqa: PLC0415
        from opentelemetry.sdk.metrics import MeterProvider  # noqa: PLC0415
        from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader  # noqa: PLC0415
        from opentelemetry.sdk.resources import Resource  # noqa: PLC0415
        from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415
        from opentelemetry.sdk.trace.export import BatchSpanProcessor  # noqa: PLC0415

        from .tracing import Tracing  # noqa: PLC0415
    except ImportError:
        raise StartupError(_NOT_INSTALLED) from None
    headers = _headers(settings)
    resource = Resource.create({"service.name": settings.otel_service_name, "service.version": __version__})
    spans = BatchSpanProcessor(OTLPSpanExporter(f"{endpoint}/v1/traces", headers=headers))
    traces = TracerProvider(resource=resource, shutdown_on_exit=False)
    traces.add_span_processor(spans)
    reader = PeriodicExportingMetricReader(OTLPMetricExporter(f"{endpoint}/v1/metrics", headers=headers))
    meters = MeterProvider([reader], resource=resource, shutdown_on_exit=False)
    with_content = settings.otel_instrumentation_genai_capture_message_content
    try:
        yield [
            Tracing(traces.get_tracer("playground", __version__), meters.get_meter("playground", __version__), with_content=with_content)
        ]
    finally:
        with anyio.move_on_after(_CLOSING_SECONDS, shield=True):
            milliseconds = int(_CLOSING_SECONDS * 1000)
            await run_sync(traces.shutdown, abandon_on_cancel=True)
            await run_sync(partial(meters.shutdown, timeout_millis=milliseconds), abandon_on_cancel=True)


def _headers(settings: Settings) -> dict[str, str]:
    """Return the headers of `name=value,name=value`, percent-decoded (OTLP exporter specification)."""
    if settings.otel_exporter_otlp_headers is None:
        return {}
    pairs = (pair.partition("=") for pair in settings.otel_exporter_otlp_headers.get_secret_value().split(",") if pair.strip())
    return {unquote(name.strip()): unquote(value.strip()) for name, _, value in pairs}
