"""Requests of OTLP, with only what a test is about."""

import os
import time
from typing import Any

from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import (
    ExportMetricsServiceRequest,
)
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, ArrayValue, KeyValue, KeyValueList
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord, ResourceLogs, ScopeLogs
from opentelemetry.proto.metrics.v1.metrics_pb2 import Metric, ResourceMetrics, ScopeMetrics
from opentelemetry.proto.resource.v1.resource_pb2 import Resource
from opentelemetry.proto.trace.v1.trace_pb2 import ResourceSpans, ScopeSpans, Span


def value(plain: Any) -> AnyValue:
    match plain:
        case bool():
            return AnyValue(bool_value=plain)
        case str():
            return AnyValue(string_value=plain)
        case int():
            return AnyValue(int_value=plain)
        case float():
            return AnyValue(double_value=plain)
        case bytes():
            return AnyValue(bytes_value=plain)
        case list():
            return AnyValue(array_value=ArrayValue(values=[value(each) for each in plain]))
        case dict():
            return AnyValue(kvlist_value=KeyValueList(values=pairs(plain)))
        case _:
            return AnyValue()


def pairs(attributes: dict[str, Any]) -> list[KeyValue]:
    return [KeyValue(key=key, value=value(plain)) for key, plain in attributes.items()]


def resource(service: str | None = "orders", **attributes: Any) -> Resource:
    named = {"service.name": service} if service else {}
    return Resource(attributes=pairs(named | attributes))


def span(attributes: dict[str, Any] | None = None, **given: Any) -> Span:
    now = time.time_ns()
    values: dict[str, Any] = {
        "trace_id": os.urandom(16),
        "span_id": os.urandom(8),
        "name": "GET /",
        "kind": Span.SPAN_KIND_SERVER,
        "start_time_unix_nano": now,
        "end_time_unix_nano": now + 1_000_000,
        "attributes": pairs(attributes or {}),
    }
    return Span(**values | given)


def traces(*spans: Span, **about: Any) -> ExportTraceServiceRequest:
    group = ResourceSpans(resource=resource(**about), scope_spans=[ScopeSpans(spans=spans)])
    return ExportTraceServiceRequest(resource_spans=[group])


def logs(*records: LogRecord, **about: Any) -> ExportLogsServiceRequest:
    group = ResourceLogs(resource=resource(**about), scope_logs=[ScopeLogs(log_records=records)])
    return ExportLogsServiceRequest(resource_logs=[group])


def metrics(*given: Metric, **about: Any) -> ExportMetricsServiceRequest:
    group = ResourceMetrics(resource=resource(**about), scope_metrics=[ScopeMetrics(metrics=given)])
    return ExportMetricsServiceRequest(resource_metrics=[group])
