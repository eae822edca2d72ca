"""A collector of OpenTelemetry: a real HTTP server that keeps what it is sent."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue
from opentelemetry.proto.metrics.v1.metrics_pb2 import Metric
from opentelemetry.proto.trace.v1.trace_pb2 import Span


class Collector:
    """What came."""

    def __init__(self) -> None:
        self.url = ""
        self.headers: list[dict[str, str]] = []
        self.spans: list[Span] = []
        self.metrics: dict[str, Metric] = {}
        """The latest by name."""
        self.services: set[str] = set()

    def take(self, path: str, headers: dict[str, str], body: bytes) -> None:
        self.headers.append(headers)
        if path == "/v1/traces":
            for spans_of in ExportTraceServiceRequest.FromString(body).resource_spans:
                self.services.add(attributes(spans_of.resource)["service.name"])
                self.spans += [span for scope in spans_of.scope_spans for span in scope.spans]
        elif path == "/v1/metrics":
            for metrics_of in ExportMetricsServiceRequest.FromString(body).resource_metrics:
                self.metrics |= {metric.name: metric for scope in metrics_of.scope_metrics for metric in scope.metrics}

    def lanes(self) -> list[Span]:
        """The spans of lanes, in their order."""
        return sorted((span for span in self.spans if span.name.startswith("chat ")), key=lambda span: attributes(span)["playground.lane"])

    def run(self) -> Span:
        """The span of the only run."""
        (span,) = [span for span in self.spans if span.name == "comparison"]
        return span


def attributes(described: Any) -> dict[str, Any]:
    """The attributes of a span, a resource or a data point."""
    return {pair.key: _value(pair.value) for pair in described.attributes}


def _value(value: AnyValue) -> Any:
    kind = value.WhichOneof("value")
    return [_value(each) for each in value.array_value.values] if kind == "array_value" else getattr(value, str(kind))


@contextmanager
def collecting() -> Iterator[Collector]:
    collector = Collector()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if self.headers.get("Content-Encoding") == "gzip":
                raise AssertionError("compression was not asked for")
            collector.take(self.path, {name.lower(): value for name, value in self.headers.items()}, body)
            self.send_response(200)
            self.send_header("Content-Type", "application/x-protobuf")
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Nothing: the tests say what was wrong."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        collector.url = f"http://127.0.0.1:{server.server_address[1]}"
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield collector
        finally:
            server.shutdown()
            thread.join()
