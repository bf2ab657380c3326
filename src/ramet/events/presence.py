"""Whether the former process of this instance died: its last event may be what killed it.

A handler that ends its process (out of memory, a crash in C) leaves no trace: the transaction is
rolled back, and the next process would die of the same event, for ever. A row of the lease table
says that a process is at work; it goes when the process stops. Who finds the row of a former
process counts the attempts at what was waiting then before it makes them. So nothing is
paid for as long as nobody dies, and afterwards one commit for each event of that backlog.
"""

# ruff: noqa: S608  values are parameters; what is put in are expressions of ramet.events.sql

from __future__ import annotations

from collections import Counter

import structlog

from ramet.events import sql
from ramet.failpoints import reached

log = structlog.get_logger("ramet.events")

KEPT = 86_400.0
"""Seconds for which the row of a process that never comes back is kept; renewed long before."""

REMEMBERED = 1000
"""Rows for which lost connections are counted; more at a time say something about the database."""

_HOLDER = "inbox"
"""Not the instance: these rows are no leases, and must not end with those of a former process."""


class Presence:
    """The presence of one worker's inbox loops, under the name of its instance."""

    def __init__(self, instance: str) -> None:
        self._name = f"inbox/{instance}"
        self._suspected_up_to = 0
        self._losses: Counter[int] = Counter()

    def begin(self) -> None:
        """Find out about the former process, and be there from now on."""
        former = sql.rows("SELECT 1 FROM ramet_events_lease WHERE name = %s", [self._name])
        if former:
            ((last,),) = sql.rows("SELECT coalesce(max(seq), 0) FROM ramet_events_inbox")
            self._suspected_up_to = int(last)
            log.info("events.former_process_died", instance=self._name.partition("/")[2])
        reached("presence.before-begin")
        self.renew()
        reached("presence.after-begin")

    def renew(self) -> None:
        """Stay; forget those who were not heard of for a day."""
        sql.run(
            "INSERT INTO ramet_events_lease (name, holder, until, epoch)"
            f" VALUES (%s, %s, {sql.later()}, 1)"
            " ON CONFLICT (name) DO UPDATE SET until = excluded.until",
            [self._name, _HOLDER, KEPT],
        )
        sql.run(
            f"DELETE FROM ramet_events_lease WHERE holder = %s AND until < {sql.now()}", [_HOLDER]
        )

    def end(self) -> None:
        """The process stops: what it leaves undone is not to blame."""
        reached("presence.before-end")
        sql.run("DELETE FROM ramet_events_lease WHERE name = %s", [self._name])
        reached("presence.after-end")

    def lost_with(self, seq: int) -> None:
        """The connection to the database went away while this row of the inbox was in hand."""
        if len(self._losses) > REMEMBERED:
            self._losses.clear()
        self._losses[seq] += 1

    def suspects(self, seq: int) -> bool:
        """Whether this row may be what ends processes or connections: its attempts are counted
        before they are made. Of a connection once is by chance, when the database restarts."""
        return seq <= self._suspected_up_to or self._losses[seq] > 1
