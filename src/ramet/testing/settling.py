"""Everything to its end: sagas publish events, and events start sagas."""

from __future__ import annotations

from ramet.testing.events import Events
from ramet.testing.sagas import Sagas

__all__ = ["Settle"]


class Settle:
    """The fixture `settle`."""

    def __init__(self, events: Events, sagas: Sagas) -> None:
        self._events, self._sagas = events, sagas

    def __call__(self) -> None:
        """Work off sagas and events, in turn, until nothing is left to do.

        See `Sagas.settle` and `Events.settle` for what that means, and for what they raise.
        """
        while self._sagas.settle() + self._events.settle():
            pass
