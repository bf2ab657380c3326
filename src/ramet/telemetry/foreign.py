"""Spans of the project's own OpenTelemetry SDK, where it has set one up.

Whoever has an SDK has exporters and samplers of its own; two tracers in one process would make two
traces of each request.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from opentelemetry import trace
from opentelemetry.trace import Link, Status, StatusCode

from ramet.telemetry.redaction import redact_field
from ramet.telemetry.spans import Parent, Shape

__all__ = ["Foreign", "ForeignSpan"]


class Foreign:
    """Makes spans by one tracer."""

    def __init__(self, tracer: trace.Tracer) -> None:
        self._tracer = tracer

    def begin(
        self,
        shape: Shape,
        attributes: dict[str, Any] | None,
        parent: Parent | None,
        links: Sequence[Link],
        service: str | None,
    ) -> ForeignSpan:
        """As `tracing.start`."""
        # Whoever exports these looks for no secrets, such as the token in a path.
        said = {**shape.attributes, **redact_field("", attributes or {})}
        if service is not None:
            said["ramet.service"] = service
        context = None
        if parent is not None:
            context = trace.set_span_in_context(trace.NonRecordingSpan(parent.context()))
        return ForeignSpan(self._tracer.start_span(shape.name, context, shape.kind, said, links))


class ForeignSpan:
    """A `tracing.Working` around `inner`, a span of OpenTelemetry's API."""

    def __init__(self, inner: trace.Span) -> None:
        self.inner = inner
        self.is_error = False
        self.set_attribute = inner.set_attribute
        self.add_event = inner.add_event
        self.end = inner.end

    def become(self, shape: Shape) -> None:
        """See `tracing.Working`, also for what follows."""
        self.inner.update_name(shape.name)
        self.inner.set_attributes(shape.attributes)

    def belong(self, service: str | None) -> None:
        if service is not None:
            self.inner.set_attribute("ramet.service", service)

    def fail(self, error: BaseException | str) -> None:
        self.is_error = True
        if isinstance(error, BaseException):
            self.inner.record_exception(error)
            error = type(error).__qualname__
        self.inner.set_status(Status(StatusCode.ERROR, error))
