"""Which events of the inbox are at the head of their key: what may be worked off now.

A queue's statistics are never up to date, and with wrong ones PostgreSQL reads the whole backlog
for one event (measured: 4 events a second with 20,000 waiting). So the shape of the query leaves
no choice: it jumps from key to key along one index, reads one row each, and stops when it has
enough. What it finds is only a proposal; the claim of each row checks everything again.
"""

# ruff: noqa: S608  values are parameters; what is put in are expressions of ramet.events.sql

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Sequence

from ramet.events import sql

ENOUGH = 200
"""Heads proposed at once."""


class Heads:
    """Proposes inbox rows to the threads of one process, in turn over all keys and handlers."""

    def __init__(self, handlers: Sequence[str]) -> None:
        self.handlers = sorted(handlers)
        self._lock = threading.Lock()
        self._proposed: deque[int] = deque()
        self._from = dict.fromkeys(self.handlers, "")
        """Where in the order of its keys the next look begins, for each handler: no key waits for
        another for ever, and no handler for another's many keys."""

    def next(self) -> int | None:
        """The number of a row that was the head of its key when last looked; None: look again."""
        with self._lock:
            return self._proposed.popleft() if self._proposed else None

    def has_more(self) -> bool:
        """Whether there is a proposal that nobody has taken yet."""
        return bool(self._proposed)

    def look(self) -> None:
        """Find heads whose time has come, unless another thread has just done so."""
        with self._lock:
            if self._proposed or not self.handlers:
                return
            found = self._find(self._from)
            around = {
                handler: ""
                for handler, begin in self._from.items()
                if begin and all(key == begin for _, each, key in found if each == handler)
            }
            self._from = dict.fromkeys(self.handlers, "")
            if len(found) >= ENOUGH:
                self._from |= {handler: key for _, handler, key in found}
            if around:  # first, for they have waited; doubles are sorted out by the claim
                found = self._find(around) + found
            self._proposed.extend(seq for seq, _, _ in found)

    def _find(self, begins: dict[str, str]) -> list[tuple[int, str, str]]:
        """Heads as (row, handler, key), in turn over the handlers, each from its key on."""
        if sql.is_postgresql():
            found = sql.rows(_JUMP, [list(begins), list(begins.values())])
        else:
            each = " OR ".join(['(i.handler = %s AND i."key" >= %s)'] * len(begins))
            values = [value for pair in begins.items() for value in pair]
            found = sql.rows(_SCAN.format(each=each, now=sql.now()), values)
        return [(int(seq), str(handler), str(key)) for seq, handler, key in found]


_JUMP = f"""
    WITH RECURSIVE head AS (
        SELECT first.*
        FROM unnest(%s::text[], %s::text[]) AS mine (handler, begin)
        CROSS JOIN LATERAL (
            SELECT handler, key, seq, run_at FROM ramet_events_inbox
            WHERE state = 'ready' AND handler = mine.handler AND key >= mine.begin
            ORDER BY handler, key, seq LIMIT 1
        ) AS first
        UNION ALL
        SELECT following.*
        FROM head
        CROSS JOIN LATERAL (
            SELECT handler, key, seq, run_at FROM ramet_events_inbox
            WHERE state = 'ready' AND handler = head.handler AND key > head.key
            ORDER BY handler, key, seq LIMIT 1
        ) AS following
    )
    SELECT seq, handler, key FROM head WHERE run_at <= clock_timestamp() LIMIT {ENOUGH}
"""

_SCAN = f"""
    SELECT i.seq, i.handler, i."key" FROM ramet_events_inbox i
    WHERE i.state = 'ready' AND ({{each}}) AND i.run_at <= {{now}}
    AND NOT EXISTS (
        SELECT 1 FROM ramet_events_inbox earlier
        WHERE earlier.handler = i.handler AND earlier."key" = i."key"
        AND earlier.state = 'ready' AND earlier.seq < i.seq
    )
    ORDER BY row_number() OVER (PARTITION BY i.handler ORDER BY i."key") LIMIT {ENOUGH}
"""
