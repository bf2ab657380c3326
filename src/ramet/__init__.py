"""The public names of Ramet, imported on first use so that `import ramet` stays cheap."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ramet.auditing import audit
    from ramet.calls import (
        Contract,
        DeadlineExceeded,
        Forbidden,
        Refused,
        RemoteError,
        Unavailable,
        Value,
        caller,
        client,
        fetch,
        implements,
        operation,
    )
    from ramet.events import event, publish, subscribe
    from ramet.idempotency import idempotent
    from ramet.identity.public_views import public
    from ramet.placement import RemoteKey, place, urls
    from ramet.replicas import Replica
    from ramet.sagas import Saga, step
    from ramet.system import secret

_HOMES = {
    "Contract": "ramet.calls",
    "DeadlineExceeded": "ramet.calls",
    "Forbidden": "ramet.calls",
    "Refused": "ramet.calls",
    "RemoteError": "ramet.calls",
    "RemoteKey": "ramet.placement",
    "Replica": "ramet.replicas",
    "Saga": "ramet.sagas",
    "Unavailable": "ramet.calls",
    "Value": "ramet.calls",
    "audit": "ramet.auditing",
    "caller": "ramet.calls",
    "client": "ramet.calls",
    "event": "ramet.events",
    "fetch": "ramet.calls",
    "idempotent": "ramet.idempotency",
    "implements": "ramet.calls",
    "operation": "ramet.calls",
    "place": "ramet.placement",
    "public": "ramet.identity.public_views",
    "publish": "ramet.events",
    "secret": "ramet.system",
    "step": "ramet.sagas",
    "subscribe": "ramet.events",
    "urls": "ramet.placement",
}

__all__ = [
    "Contract",
    "DeadlineExceeded",
    "Forbidden",
    "Refused",
    "RemoteError",
    "RemoteKey",
    "Replica",
    "Saga",
    "Unavailable",
    "Value",
    "audit",
    "caller",
    "client",
    "event",
    "fetch",
    "idempotent",
    "implements",
    "operation",
    "place",
    "public",
    "publish",
    "secret",
    "step",
    "subscribe",
    "urls",
]


def __getattr__(name: str) -> Any:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module 'ramet' has no attribute {name!r}")
    value = globals()[name] = getattr(import_module(home), name)  # asked for once only
    return value


def __dir__() -> list[str]:
    return __all__
