"""A colour for each service, the same on every page."""

from __future__ import annotations

from collections.abc import Iterable
from threading import Lock

__all__ = ["COLOURS", "Hues"]

COLOURS = 8
"""As many as `--hue-…` variables in the stylesheet."""


class Hues:
    """Numbers of colours, by name: `names` get theirs first, others when they are first seen.

    By turns and not by a hash: of five services in eight colours two would mostly have the same.
    """

    def __init__(self, names: Iterable[str] = ()) -> None:
        self._lock = Lock()
        self._of: dict[str, int] = {}
        for name in names:
            self.of(name)

    def of(self, name: str) -> int:
        """0 to COLOURS - 1."""
        with self._lock:
            return self._of.setdefault(name, len(self._of) % COLOURS)
