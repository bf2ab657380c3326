"""What the spans of messages have in common, be they events or Celery's tasks.

Names and attributes are those of
https://opentelemetry.io/docs/specs/semconv/messaging/messaging-spans/.
"""

from __future__ import annotations

from collections.abc import Mapping

from opentelemetry.trace import SpanKind

from ramet.telemetry.spans import Shape

__all__ = ["message_shape"]


def message_shape(
    system: str,
    verb: str,
    kind: SpanKind,
    operation: str,
    destination: str,
    more: Mapping[str, str] | None = None,
) -> Shape:
    """`<verb> <destination>`. `operation` is one of the conventions' types, such as "send"; `more`
    are attributes of the system's own."""
    said = {
        "messaging.system": system,
        "messaging.operation.type": operation,
        "messaging.destination.name": destination,
        **(more or {}),
    }
    return Shape(f"{verb} {destination}", kind, said)
