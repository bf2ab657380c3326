"""What differs between the three signals: message types and field names."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from google.protobuf.message import Message
from opentelemetry.proto.collector.logs.v1 import logs_service_pb2
from opentelemetry.proto.collector.metrics.v1 import metrics_service_pb2
from opentelemetry.proto.collector.trace.v1 import trace_service_pb2
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord
from opentelemetry.proto.metrics.v1.metrics_pb2 import Metric
from opentelemetry.proto.trace.v1.trace_pb2 import Span

__all__ = ["LOGS", "METRICS", "TRACES", "Signal"]


@dataclass(frozen=True, slots=True)
class Signal:
    """One of OTLP's signals. Requests of all of them are groups of scopes of items."""

    name: str
    """`traces`, `logs` or `metrics`: the last part of its path."""
    request: type[Any]
    response: type[Any]
    item: type[Message]
    groups: str
    scopes: str
    items: str
    """The names of the three nested fields."""
    rejected: str
    """The field that counts rejected items in a partial success."""


TRACES = Signal(
    "traces",
    trace_service_pb2.ExportTraceServiceRequest,
    trace_service_pb2.ExportTraceServiceResponse,
    Span,
    "resource_spans",
    "scope_spans",
    "spans",
    "rejected_spans",
)
LOGS = Signal(
    "logs",
    logs_service_pb2.ExportLogsServiceRequest,
    logs_service_pb2.ExportLogsServiceResponse,
    LogRecord,
    "resource_logs",
    "scope_logs",
    "log_records",
    "rejected_log_records",
)
METRICS = Signal(
    "metrics",
    metrics_service_pb2.ExportMetricsServiceRequest,
    metrics_service_pb2.ExportMetricsServiceResponse,
    Metric,
    "resource_metrics",
    "scope_metrics",
    "metrics",
    "rejected_data_points",
)
