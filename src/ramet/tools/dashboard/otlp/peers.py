"""Which node of the map a span is about, from its attributes.

Names are those of OpenTelemetry's semantic conventions (database, messaging, RPC, HTTP), the old
ones of before 1.24 included, and Ramet's own where they have none.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ramet.tools.dashboard.store.kinds import CLIENT, CONSUMER, PRODUCER, SERVER

__all__ = ["peer"]

Peer = tuple[str | None, str | None]
NOBODY: Peer = (None, None)


def peer(kind: int, found: Mapping[str, Any]) -> Peer:
    """Kind and name of a client's, producer's or consumer's other end; of a server, its caller.

    An event that a relay sends is the one that was published, and one that was received is not yet
    handled: both are counted where they are published and processed, and nowhere else.
    """
    if kind == CLIENT:
        return _called(found)
    if kind in (PRODUCER, CONSUMER):
        return _message(kind, found)
    if kind == SERVER and (caller := found.get("ramet.caller")):
        return "service", _name(caller)
    return NOBODY


def _called(found: Mapping[str, Any]) -> Peer:
    if system := found.get("db.system.name") or found.get("db.system"):
        base = found.get("db.namespace") or found.get("db.name") or found.get("server.address")
        return "database", _name(f"{system}/{base}" if base else system)
    for name in ("ramet.callee", "service.peer.name", "peer.service"):
        if callee := found.get(name):
            return "service", _name(callee)
    if host := found.get("server.address") or found.get("net.peer.name"):
        port = found.get("server.port") or found.get("net.peer.port")
        return "external", _name(host if port in (None, 80, 443) else f"{host}:{port}")
    return NOBODY


def _message(kind: int, found: Mapping[str, Any]) -> Peer:
    system = found.get("messaging.system")
    deed = found.get("messaging.operation.type") or found.get("messaging.operation")
    if system == "celery" or "celery.task_name" in found:
        task = found.get("celery.task_name") or found.get("messaging.destination.name")
        return ("task", _name(task)) if task else NOBODY
    name = found.get("messaging.destination.name")
    if not name or deed in ("receive", "settle") or (system == "ramet" and deed == "send"):
        return NOBODY
    return "event", _name(name)


def _name(value: object) -> str:
    return str(value)[:200]
