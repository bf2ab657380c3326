"""An OTLP/HTTP collector for tests: keeps what arrives, read with OpenTelemetry's own messages."""

from __future__ import annotations

import gzip
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue


@dataclass
class Request:
    """One POST as it arrived; `body` is no longer compressed."""

    path: str
    headers: dict[str, str]
    body: bytes


@dataclass
class SpanRow:
    """A span with what its resource says, attributes as a plain mapping, ids in hex."""

    name: str
    kind: int
    trace_id: str
    span_id: str
    parent_id: str
    attributes: dict[str, Any]
    resource: dict[str, Any]
    events: list[tuple[str, dict[str, Any]]]
    links: list[tuple[str, str]]
    is_error: bool
    start: int
    end: int


@dataclass
class LogRow:
    """A log record with what its resource says."""

    body: str
    severity: str
    trace_id: str
    span_id: str
    attributes: dict[str, Any]
    resource: dict[str, Any]
    time: int


@dataclass
class Collector:
    """What arrived, and how it answers: a status for each request."""

    requests: list[Request] = field(default_factory=list)
    answer: Callable[[Request], int] = lambda request: 200
    retry_after: str | None = None
    url: str = ""

    def spans(self) -> list[SpanRow]:
        return [row for request in self.requests for row in _spans(request)]

    def logs(self) -> list[LogRow]:
        return [row for request in self.requests for row in _logs(request)]

    def wait(self, is_met: Callable[[], Any], seconds: float = 20) -> Any:
        """What `is_met` returns once it is true; fails after `seconds`."""
        deadline = time.monotonic() + seconds
        while not (found := is_met()):
            assert time.monotonic() < deadline, f"{len(self.requests)} requests arrived"
            time.sleep(0.02)
        return found


@contextmanager
def collector(port: int = 0) -> Iterator[Collector]:
    """One on a port of 127.0.0.1."""
    kept = Collector()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self._body()
            if self.headers.get("content-encoding") == "gzip":
                body = gzip.decompress(body)
            headers = {name.lower(): value for name, value in self.headers.items()}
            request = Request(self.path, headers, body)
            kept.requests.append(request)
            self.send_response(kept.answer(request))
            if kept.retry_after is not None:
                self.send_header("Retry-After", kept.retry_after)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def _body(self) -> bytes:
            if self.headers.get("transfer-encoding") != "chunked":
                return self.rfile.read(int(self.headers["content-length"]))
            body = b""
            while size := int(self.rfile.readline(), 16):  # as Envoy sends it
                body += self.rfile.read(size)
                self.rfile.readline()
            self.rfile.readline()
            return body

        def log_message(self, *_: Any) -> None: ...

    class Server(ThreadingHTTPServer):
        def handle_error(self, *args: Any) -> None:
            """A sender that is gone."""

    server = Server(("127.0.0.1", port), Handler)
    kept.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield kept
    finally:
        server.shutdown()
        server.server_close()


def _spans(request: Request) -> Iterator[SpanRow]:
    if request.path != "/v1/traces":
        return
    for resource in ExportTraceServiceRequest.FromString(request.body).resource_spans:
        about = attributes(resource.resource.attributes)
        for scope in resource.scope_spans:
            for span in scope.spans:
                yield SpanRow(
                    name=span.name,
                    kind=span.kind,
                    trace_id=span.trace_id.hex(),
                    span_id=span.span_id.hex(),
                    parent_id=span.parent_span_id.hex(),
                    attributes=attributes(span.attributes),
                    resource=about,
                    events=[(each.name, attributes(each.attributes)) for each in span.events],
                    links=[(each.trace_id.hex(), each.span_id.hex()) for each in span.links],
                    is_error=span.status.code == 2,
                    start=span.start_time_unix_nano,
                    end=span.end_time_unix_nano,
                )


def _logs(request: Request) -> Iterator[LogRow]:
    if request.path != "/v1/logs":
        return
    for resource in ExportLogsServiceRequest.FromString(request.body).resource_logs:
        about = attributes(resource.resource.attributes)
        for scope in resource.scope_logs:
            for record in scope.log_records:
                yield LogRow(
                    body=record.body.string_value,
                    severity=record.severity_text,
                    trace_id=record.trace_id.hex(),
                    span_id=record.span_id.hex(),
                    attributes=attributes(record.attributes),
                    resource=about,
                    time=record.time_unix_nano,
                )


def attributes(pairs: Any) -> dict[str, Any]:
    """OTLP's list of pairs as a mapping."""
    return {pair.key: _value(pair.value) for pair in pairs}


def _value(value: AnyValue) -> Any:
    kind = value.WhichOneof("value")
    if kind == "array_value":
        return [_value(each) for each in value.array_value.values]
    return None if kind is None else getattr(value, kind)
