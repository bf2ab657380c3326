"""Which files are as the last run has read them, so that they need not be read to know it.

A file's state tells it: when it is written, its times change. But a clock has steps, of two seconds
in some file systems, and what is written twice within one shows one time. So a state is believed
only if the file had rested for longer than that when it was looked at, before it was read.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from ramet.tools.assess.source.store import Store, key_of
from ramet.tools.assess.source.walking import State

__all__ = ["Untouched", "has_rested"]

_KEY = key_of(b"untouched")
_RESTED = 3_000_000_000
"""Nanoseconds without a change after which a file's state is believed."""

_Known = dict[str, tuple[State, bytes]]
_KNOWN = msgspec.msgpack.Decoder(_Known)


def has_rested(state: State, looked_at: int) -> bool:
    """Whether a file with that state at a time, in nanoseconds since 1970, is to be believed."""
    return max(state[-2:]) < looked_at - _RESTED


class Untouched:
    """The keys of contents by path, of files whose state is what it was."""

    def __init__(self, store: Store, states: Mapping[str, State], looked_at: int) -> None:
        """`looked_at` is when the first of the states was, in nanoseconds since 1970."""
        self._store = store
        self._states = states
        self._looked_at = looked_at
        entry = store.get(_KEY)
        self._known: _Known = _KNOWN.decode(entry) if entry is not None else {}

    def key(self, path: str) -> bytes | None:
        """The key of a file's content, None where it must be read to be known."""
        known = self._known.get(path)
        return known[1] if known is not None and known[0] == self._states.get(path) else None

    def keep(self, keys: Mapping[str, bytes]) -> None:
        """Write down the keys of all contents for the next run."""
        known = {
            path: (state, keys[path])
            for path, state in self._states.items()
            if path in keys and has_rested(state, self._looked_at)
        }
        if known != self._known:
            self._store.put(_KEY, msgspec.msgpack.encode(known))
