"""Which events of the inbox may be worked off now: the head of each key, and what has no order.

A queue's statistics are never up to date, and with wrong ones PostgreSQL reads the whole backlog
for one event (measured: 4 events a second with 20,000 waiting). So the shape of the query leaves
no choice: it jumps along one index, for an ordered handler from key to key, for an unordered one
from row to row, reads one row each, and stops when it has enough. What it finds is only a proposal;
the claim of each row checks everything again.

A row of a type that this code cannot settle, because newer code wrote it, is held: it is no
proposal, and as the head of its key it keeps the rest of the key back.
"""

# ruff: noqa: S608  values are parameters; what is put in are expressions of ramet.events.sql

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Sequence

from ramet.events import sql
from ramet.events.subscription import subscription_of, unordered_handlers

ENOUGH = 200
"""Rows proposed at once."""

Place = tuple[str, int]
"""Key and number of a row: where in the index a look begins. An ordered handler's number is 0: a
key that was passed is begun anew with whatever is its head then."""

_START: Place = ("", 0)

LONGEST_PAUSE = 300.0
"""Seconds that an event waits at most for its next attempt (see `sql.due`)."""


class Heads:
    """Proposes inbox rows to the threads of one process, in turn over all keys and handlers."""

    def __init__(self, handlers: Sequence[str]) -> None:
        self.handlers = sorted(handlers)
        self._unordered = set(unordered_handlers())
        self._settled = [
            f"{handler} {name}"
            for handler in self.handlers
            if (subscription := subscription_of(handler)) is not None
            for name in subscription.settles
        ]
        self._lock = threading.Lock()
        self._proposed: deque[tuple[int, str]] = deque()
        self._from = dict.fromkeys(self.handlers, _START)
        """Where in the order of its keys the next look begins, for each handler: no key waits for
        another for ever, and no handler for another's many keys."""

    def take(self, size: Callable[[str], int]) -> list[tuple[int, str]]:
        """The next few rows, each with its handler; empty: look again.

        As many as `size` says of the handler of each of them, at least one.
        """
        taken: list[tuple[int, str]] = []
        with self._lock:
            while self._proposed and (
                not taken or len(taken) < min(size(taken[-1][1]), size(self._proposed[0][1]))
            ):
                taken.append(self._proposed.popleft())
        return taken

    def give_back(self, taken: Sequence[tuple[int, str]]) -> None:
        """Propose first what was taken and not tried."""
        with self._lock:
            self._proposed.extendleft(reversed(taken))

    def has_more(self) -> bool:
        """Whether there is a proposal that nobody has taken yet."""
        return bool(self._proposed)

    def look(self) -> None:
        """Find rows whose time has come, unless another thread has just done so."""
        with self._lock:
            if self._proposed or not self._settled:
                return
            found = self._find(self._from)
            around = {
                handler: _START
                for handler, begin in self._from.items()
                if begin != _START
                and all(place == begin for _, each, place in found if each == handler)
            }
            self._from = dict.fromkeys(self.handlers, _START)
            if len(found) >= ENOUGH:
                self._from |= {handler: place for _, handler, place in found}
            if around:  # first, for they have waited; doubles are sorted out by the claim
                found = self._find(around) + found
            self._proposed.extend((seq, handler) for seq, handler, _ in found)

    def _find(self, begins: dict[str, Place]) -> list[tuple[int, str, Place]]:
        """Rows as (number, handler, place), in turn over the handlers, each from its place on."""
        if sql.is_postgresql():
            keys, numbers = zip(*begins.values(), strict=True)
            is_ordered = [handler not in self._unordered for handler in begins]
            found = sql.rows(
                _JUMP.format(due=sql.due("run_at", LONGEST_PAUSE)),
                [list(begins), list(keys), list(numbers), is_ordered, self._settled],
            )
        else:
            each = " OR ".join(['(i.handler = %s AND (i."key", i.seq) >= (%s, %s))'] * len(begins))
            values = [value for handler, place in begins.items() for value in (handler, *place)]
            free, unordered = sql.among("i.handler", sorted(self._unordered) or [""])
            settled, pairs = sql.among("i.handler || ' ' || i.type", self._settled)
            due = sql.due("i.run_at", LONGEST_PAUSE)
            scan = _SCAN.format(each=each, due=due, settled=settled, free=free)
            found = sql.rows(scan, [*values, *pairs, *unordered])
        return [
            (int(seq), str(handler), (str(key), int(seq) if handler in self._unordered else 0))
            for seq, handler, key in found
        ]


_JUMP = f"""
    WITH RECURSIVE head AS (
        SELECT first.*, mine.is_ordered
        FROM unnest(%s::text[], %s::text[], %s::bigint[], %s::boolean[])
            AS mine (handler, begin_key, begin_seq, is_ordered)
        CROSS JOIN LATERAL (
            SELECT handler, key, seq, run_at, type FROM ramet_events_inbox
            WHERE state = 'ready' AND handler = mine.handler
            AND (key, seq) >= (mine.begin_key, mine.begin_seq)
            ORDER BY handler, key, seq LIMIT 1
        ) AS first
        UNION ALL
        SELECT following.*, head.is_ordered
        FROM head
        CROSS JOIN LATERAL (
            SELECT handler, key, seq, run_at, type FROM ramet_events_inbox
            WHERE state = 'ready' AND handler = head.handler
            AND (key, seq)
                > (head.key, CASE WHEN head.is_ordered THEN {2**63 - 1} ELSE head.seq END)
            ORDER BY handler, key, seq LIMIT 1
        ) AS following
    )
    SELECT seq, handler, key FROM head
    WHERE {{due}} AND handler || ' ' || type = ANY(%s::text[]) LIMIT {ENOUGH}
"""

_SCAN = f"""
    SELECT i.seq, i.handler, i."key" FROM ramet_events_inbox i
    WHERE i.state = 'ready' AND ({{each}}) AND {{due}} AND {{settled}}
    AND ({{free}} OR NOT EXISTS (
        SELECT 1 FROM ramet_events_inbox earlier
        WHERE earlier.handler = i.handler AND earlier."key" = i."key"
        AND earlier.state = 'ready' AND earlier.seq < i.seq
    ))
    ORDER BY row_number() OVER (PARTITION BY i.handler ORDER BY i."key", i.seq) LIMIT {ENOUGH}
"""
