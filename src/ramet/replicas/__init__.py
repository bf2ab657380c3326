"""Replicas: read-only local copies of other services' data, fed by events. A Django app.

Imported on first use: Django imports this package before models may be defined.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ramet.replicas.model import Replica
    from ramet.replicas.readonly import ReplicaIsReadOnly

__all__ = ["Replica", "ReplicaIsReadOnly"]

_HOMES = {"Replica": "ramet.replicas.model", "ReplicaIsReadOnly": "ramet.replicas.readonly"}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)
