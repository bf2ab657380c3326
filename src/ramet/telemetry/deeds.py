"""What a person should later be able to find out about, told by parts that know of no audit log.

Dead letters and sagas stand below the log; they tell of what an operator did here, inside the
transaction that does it, so that the entry commits with it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

__all__ = ["listen", "tell"]

Listener = Callable[[str, object, dict[str, Any]], None]
"""Takes the action, its subject and facts. What it raises undoes the deed."""

_listeners: list[Listener] = []


def listen(listener: Listener) -> None:
    """Have it called with every deed from now on."""
    if listener not in _listeners:
        _listeners.append(listener)


def tell(action: str, subject: object = "", **facts: Any) -> None:
    """Say that something was done."""
    for listener in _listeners:
        listener(action, subject, facts)
