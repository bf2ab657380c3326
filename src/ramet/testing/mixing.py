"""Heads of the inbox in random order: one order of many that a worker with threads may take."""

from __future__ import annotations

import random
from collections.abc import Sequence

from ramet.events.heads import Heads

__all__ = ["MixedHeads"]


class MixedHeads(Heads):
    """Looks again before each event, and takes any of those whose turn it is."""

    def __init__(self, handlers: Sequence[str], mixing: random.Random) -> None:
        super().__init__(handlers)
        self._mixing = mixing
        self._chosen: list[int] = []

    def next(self) -> int | None:
        """The one that was picked at the last look."""
        return self._chosen.pop() if self._chosen else None

    def look(self) -> None:
        """Pick one of all heads."""
        super().look()
        heads = []
        while (seq := super().next()) is not None:
            heads.append(seq)
        if heads:
            self._chosen = [self._mixing.choice(heads)]
