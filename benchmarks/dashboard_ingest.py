"""What the dashboard's store takes in, and how soon it answers, with 100,000 spans.

A span has ten attributes, as services of Ramet send them: purchases of twenty spans over four
services, with calls, queries and an event, 400 spans a request. Ingest is from the
bytes of a request to rows that are committed, figures by minute and all, on one core: spans per
second of the processor time that decoder and writer spend together. `while the oldest are dropped`
is the same once the store is full.

Each page's queries are timed in processor time too, which on a quiet machine is that of the clock,
the best of three; shown are the slowest and some. Memory is what the process had at most, less what
it had with an empty store. Takes about 30 s.
"""

import json
import os
import resource
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from benchmarks.figures import Figure
from ramet.tools.dashboard import advice
from ramet.tools.dashboard.otlp.decoding import PROTOBUF, decode
from ramet.tools.dashboard.otlp.signals import TRACES
from ramet.tools.dashboard.store import Full, Limits, Store, TraceSearch

FIGURES = (
    Figure("ingest", "from bytes to committed rows, spans a second", "", "at least", 20_000),
    Figure("ingest_full", "the same while the oldest are dropped", ""),
    Figure("slowest_query", "the slowest query with 100,000 spans", "ms", "at most", 200),
    Figure("search", "traces by an attribute that none has", "ms"),
    Figure("operation", "traces by a part of a name that none has: everything is read", "ms"),
    Figure("waterfall", "one trace with its critical path", "ms"),
    Figure("map", "the map", "ms"),
    Figure("advice", "advice of every kind", "ms"),
    Figure("memory", "memory over that of an empty store", "MB"),
    Figure("file", "the file", "MB"),
)

SPANS = 100_000
TRACE = 20
TOGETHER = 20
"""Traces of one request."""
MS = 1_000_000
ROUNDS = 3


def main() -> dict[str, Any]:
    """Ingest, ask, ingest once more over the limit."""
    cores = os.sched_getaffinity(0)
    folder = Path(tempfile.mkdtemp(prefix="ramet-bench-"))
    os.sched_setaffinity(0, {min(cores)})
    try:
        return _measured(folder / "telemetry.db")
    finally:
        os.sched_setaffinity(0, cores)
        shutil.rmtree(folder)


def _measured(path: Path) -> dict[str, Any]:
    first, second = list(requests()), list(requests())
    store = Store.open(path, Limits(spans=SPANS))
    before = _peak()
    ingest = _ingest(store, first)
    queries = {name: _milliseconds(query) for name, query in _queries(store).items()}
    ingest_full = _ingest(store, second)
    kept = store.kept()
    memory = _peak() - before
    store.close()
    return {
        "ingest": round(ingest),
        "ingest_full": round(ingest_full),
        "slowest_query": round(max(queries.values()), 1),
        **{name: round(value, 1) for name, value in queries.items()},
        "memory": round(memory / 1e6),
        "file": round(kept.bytes / 1e6),
        "kept": kept.spans,
        "dropped": kept.dropped,
    }


def _ingest(store: Store, requests: list[bytes]) -> float:
    """Spans per second of processor time."""
    start = time.process_time()
    for request in requests:
        batch = decode(request, PROTOBUF, TRACES).batch
        while True:
            try:
                store.add(batch)
                break
            except Full:  # as a sender would
                store.flush()
    if not store.flush(timeout=120):
        raise TimeoutError("the store did not write everything")
    return SPANS / (time.process_time() - start)


def _queries(store: Store) -> dict[str, Callable[[], object]]:
    """What each page asks."""
    now = time.time_ns()
    hour = now - 3_600_000 * MS
    minute = 60_000 * MS
    some = store.traces(TraceSearch(limit=1))[0].trace_id
    nowhere = (("app.order_id", "none"),)
    return {
        "kept": store.kept,
        "list": lambda: store.traces(TraceSearch(status="ok", service="orders")),
        "search": lambda: store.traces(TraceSearch(attributes=nowhere)),
        "operation": lambda: store.traces(TraceSearch(operation="no such operation")),
        "waterfall": lambda: store.trace(some),
        "map": lambda: store.map(hour, now),
        "edge": lambda: store.edge("service:orders", "service:products", hour, now),
        "operations": lambda: store.operations(hour, now),
        "series": lambda: store.series("latency", ["service", "operation"], hour, now, minute),
        "advice": lambda: advice.findings(store),
    }


def _milliseconds(query: Callable[[], object]) -> float:
    times = []
    for _ in range(ROUNDS):
        start = time.process_time()
        query()
        times.append(time.process_time() - start)
    return min(times) * 1_000


def _peak() -> int:
    """Bytes of memory that this process had at most."""
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


def requests() -> Iterator[bytes]:
    """Encoded requests with `SPANS` spans in all, of the last half hour."""
    traces = SPANS // TRACE
    began = time.time_ns() - 1_800_000 * MS
    for first in range(0, traces, TOGETHER):
        request = ExportTraceServiceRequest()
        groups = {}
        for service in ("gateway", "orders", "products", "users"):
            group = request.resource_spans.add()
            group.resource.attributes.extend(
                _pairs({"service.name": service, "service.instance.id": f"{service}-1"})
            )
            groups[service] = group.scope_spans.add().spans
        for number in range(first, first + TOGETHER):
            for service, span in _purchase(number, began + number * 1_800_000 * MS // traces):
                groups[service].append(span)
        yield request.SerializeToString()


def _purchase(number: int, start: int) -> Iterator[tuple[str, Span]]:
    trace_id = os.urandom(16)
    order = {"app.order_id": f"order-{number}", "user.id": f"user-{number % 100}"}

    def span(
        parent: Span | None, name: str, kind: int, at: int, length: int, said: dict[str, Any]
    ) -> Span:
        common = {"thread.name": "MainThread", "code.function.name": name, "app.n": number}
        said = said | common
        said |= {f"app.extra_{n}": "some text of usual length" for n in range(10 - len(said))}
        return Span(
            trace_id=trace_id,
            span_id=os.urandom(8),
            parent_span_id=parent.span_id if parent else b"",
            name=name,
            kind=kind,
            start_time_unix_nano=start + at * MS,
            end_time_unix_nano=start + (at + length + number % 7) * MS,
            attributes=_pairs(said),
        )

    def query(parent: Span, table: str, at: int) -> Span:
        said = {
            "db.system.name": "postgresql",
            "db.namespace": "shop",
            "db.collection.name": table,
            "db.query.text": f'SELECT "{table}"."id", "{table}"."at" FROM "{table}" WHERE "id"=%s',
            "code.file.path": f"shop/{table}/services.py",
            "code.line.number": at,
        }
        return span(parent, f"SELECT {table}", 3, at, 1, said)

    edge = span(None, "ingress", 2, 0, 60, {"http.request.method": "POST"})
    yield "gateway", edge
    route = {"http.request.method": "POST", "http.route": "/api/v1/orders/"} | order
    view = span(edge, "POST /api/v1/orders/", 2, 1, 58, route)
    yield "orders", view
    for table in range(6):
        yield "orders", query(view, "orders_order", 2 + table)
    for at in (10, 20, 30):
        name = "products.v1.Products/reserve"
        said = {"rpc.system.name": "connectrpc", "ramet.deadline_ms": 500}
        call = span(view, name, 3, at, 8, said | {"ramet.callee": "products"})
        yield "orders", call
        served = span(call, name, 2, at + 1, 6, said | {"ramet.caller": "orders"})
        yield "products", served
        yield "products", query(served, "products_stock", at + 2)
    event = {"messaging.system": "ramet", "messaging.destination.name": "orders.OrderPlaced.v1"}
    said = event | {"messaging.operation.type": "create"}
    publish = span(view, "publish orders.OrderPlaced.v1", 4, 50, 1, said)
    yield "orders", publish
    said = event | {"messaging.operation.type": "process", "ramet.attempt": 1}
    handler = span(publish, "process orders.OrderPlaced.v1", 5, 80, 20, said)
    yield "users", handler
    yield "users", query(handler, "users_user", 82)


def _pairs(attributes: dict[str, Any]) -> list[KeyValue]:
    return [
        KeyValue(
            key=key,
            value=AnyValue(string_value=value)
            if isinstance(value, str)
            else AnyValue(int_value=value),
        )
        for key, value in attributes.items()
    ]


if __name__ == "__main__":
    print(json.dumps(main(), indent=2))
