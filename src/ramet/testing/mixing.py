"""Heads of the inbox in random order: one order of many that a worker with threads may take."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence

from ramet.events.heads import Heads

__all__ = ["MixedHeads"]


class MixedHeads(Heads):
    """Looks again before each event, and takes any of those whose turn it is."""

    def __init__(self, handlers: Sequence[str], mixing: random.Random) -> None:
        super().__init__(handlers)
        self._mixing = mixing
        self._chosen: list[tuple[int, str]] = []

    def take(self, size: Callable[[str], int]) -> list[tuple[int, str]]:
        """The one that was picked at the last look."""
        taken, self._chosen = self._chosen, []
        return taken

    def look(self) -> None:
        """Pick one of all heads."""
        super().look()
        heads: list[tuple[int, str]] = []
        while one := super().take(lambda handler: 1):
            heads += one
        if heads:
            self._chosen = [self._mixing.choice(heads)]
