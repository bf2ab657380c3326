"""Numbers that OTLP has for kinds of spans and for statuses, and their names."""

from __future__ import annotations

__all__ = [
    "CLIENT",
    "CONSUMER",
    "ERROR",
    "PRODUCER",
    "SERVER",
    "kind_name",
    "status_name",
]

SERVER, CLIENT, PRODUCER, CONSUMER = 2, 3, 4, 5
ERROR = 2

_KINDS = ("internal", "internal", "server", "client", "producer", "consumer")
_STATUSES = ("unset", "ok", "error")


def kind_name(kind: int) -> str:
    """The name of a SpanKind; `internal` where none was given, or one of a later version."""
    return _KINDS[kind] if 0 <= kind < len(_KINDS) else _KINDS[0]


def status_name(status: int) -> str:
    """The name of a StatusCode; `unset` where it is one of a later version."""
    return _STATUSES[status] if 0 <= status < len(_STATUSES) else _STATUSES[0]
