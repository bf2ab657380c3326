"""What the first page would wait for, asked before somebody opens it.

The manifest comes from a process of every group, which takes seconds on a busy machine. It is kept
from then on (`Manifest`), and whoever opens a page meanwhile waits for the same answer.
"""

from __future__ import annotations

import threading
import time

from ramet.tools.dashboard.manifest import Manifest
from ramet.tools.dashboard.operator import Operator

__all__ = ["ask_ahead"]

_EVERY = 1.0


def ask_ahead(operator: Operator) -> None:
    """Begin, in a thread, as soon as the system is up: its start has the machine for itself."""

    def ask() -> None:
        while not operator.is_ready():
            time.sleep(_EVERY)
        Manifest.of(operator)

    threading.Thread(target=ask, name="ask-ahead", daemon=True).start()
