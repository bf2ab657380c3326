"""Who did what, by which service, with which request: an append-only log a database.

It is called `auditing` because `ramet.audit` is the function. Importable before Django is set up.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ramet.auditing.recording import AuditOutsideTransaction, audit

__all__ = ["AuditOutsideTransaction", "audit"]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from ramet.auditing import recording

    return getattr(recording, name)
