"""The relay: moves committed outbox rows to the broker, in key order, and deletes what is stored
there.

No cursor over numbers: a transaction with a lower number may commit later than one with a higher,
so each round reads from the beginning of what is still there. No transaction is held while the
broker is waited for. A row goes only after the broker has acknowledged it; a crash in between
sends it again, under the same id.
"""

# ruff: noqa: S608  values are parameters; what is put in are expressions of ramet.events.sql

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from typing import Any

import structlog

from ramet.events import cloudevents, headers, metrics, spans, sql
from ramet.events.brokers import Broker, Outgoing
from ramet.events.keys import PARTITIONS
from ramet.events.leases import Leases
from ramet.events.presence import KEPT
from ramet.events.publishing import OUTBOX
from ramet.events.scheduled import Calendar
from ramet.events.surroundings import Surroundings
from ramet.events.worker import Loop
from ramet.failpoints import reached

log = structlog.get_logger("ramet.events")

BATCH = 500
"""Rows of one round."""
BALANCING = 2.0
"""Seconds between two looks at whether partitions are shared fairly."""
LONGEST_PAUSE = 30.0
"""Seconds for which a key waits at most after its event could not be sent."""

COLUMNS = 'seq, event_id, type, "key", time, payload, headers'


def envelope_of(row: Sequence[Any], source: str) -> cloudevents.Envelope:
    """An outbox row, selected as COLUMNS, as it travels."""
    _, event_id, type_name, key, moment, payload, carried = row
    return cloudevents.Envelope(
        id=sql.uuid_out(event_id),
        type=type_name,
        source=source,
        key=key,
        time=sql.time_out(moment),
        payload=payload,
        headers=headers.loaded(carried),
    )


def carried_by(row: Sequence[Any]) -> spans.Carried:
    """What the span of an outbox row tells, selected as COLUMNS and perhaps more."""
    _, event_id, type_name, key, _, _, carried, *_ = row
    return spans.Carried(type_name, sql.uuid_out(event_id), key, headers.loaded(carried))


class Relay(Loop):
    """Sends the partitions that it leases; workers of one database share them evenly."""

    name = "relay"
    topics = (OUTBOX,)
    poll = 1.0

    def __init__(self, broker: Broker, leases: Leases, surroundings: Surroundings) -> None:
        super().__init__()
        self._broker, self._leases, self._surroundings = broker, leases, surroundings
        self._calendar = Calendar()
        self._balanced = float("-inf")
        self._waiting: dict[str, tuple[float, int]] = {}  # key -> (until, failures)

    def begin(self) -> None:
        """Forget the relays that were not heard of for a day: each start may have a new name."""
        sql.run(
            f"DELETE FROM ramet_events_lease WHERE name LIKE %s AND until < {sql.later()}",
            [_PRESENCE + "%", -KEPT],
        )

    def work(self) -> float | None:
        """Send one batch. Raises BrokerUnavailable while there is no connection: the rows wait."""
        due = self._calendar.release()
        self._balance()
        mine = [number for number in range(PARTITIONS) if self._leases.held(_partition(number))]
        if not mine:
            return due
        rows = self._read(mine)
        if not rows:
            return due
        reached("relay.read")
        # A process that was paused since the reading may have lost a partition meanwhile. Asked
        # once for each: a renewal in between must not let in the second event of a key alone.
        until = {number: self._until(number) for number in {int(row[-1]) for row in rows}}
        rows = [row for row in rows if until[int(row[-1])]]
        reached("relay.before-send")
        with spans.travelling("send", map(carried_by, rows), None):
            acknowledged = self._broker.send(
                [self._outgoing(row, until[int(row[-1])]) for row in rows]
            )
        reached("relay.after-send")
        sent = [row for row in rows if sql.uuid_out(row[1]) in acknowledged]
        if sent:
            # Also by a process that lost its lease meanwhile: what the broker has is sent.
            condition, values = sql.among("seq", [row[0] for row in sent])
            sql.run(f"DELETE FROM ramet_events_outbox WHERE {condition}", values)
            reached("relay.after-delete")
            log.info("events.sent", count=len(sent))
        left = [row for row in rows if sql.uuid_out(row[1]) not in acknowledged]
        for row in sent:
            metrics.SENT.add(1, row[2])
        for row in left:
            metrics.SEND_FAILED.add(1, row[2])
        self._hold_back({row[3] for row in left if self._until(int(row[-1]))})
        for row in sent:
            self._waiting.pop(row[3], None)
        if sent:
            return 0
        return self._pause() if self._waiting else due

    def end(self) -> None:
        """Hand over at once."""
        self._leases.release([_partition(number) for number in range(PARTITIONS)])
        self._leases.release([self._presence()])

    def _read(self, mine: list[int]) -> list[tuple[Any, ...]]:
        """The oldest committed rows, without the keys that wait after a failure: those must not
        fill the batch and keep everybody else back."""
        condition, values = sql.among('"partition"', mine)
        now = time.monotonic()
        waiting = [key for key, (until, _) in self._waiting.items() if until > now]
        if waiting:
            excluded, keys = sql.among('"key"', waiting)
            condition, values = f"{condition} AND NOT ({excluded})", [*values, *keys]
        return sql.rows(
            f'SELECT {COLUMNS}, "partition" FROM ramet_events_outbox WHERE {condition}'
            f" ORDER BY seq LIMIT {BATCH}",
            values,
        )

    def _until(self, number: int) -> float:
        """Until when this process may send of a partition; 0 when it may not."""
        lease = self._leases.held(_partition(number))
        return lease.trusted_until if lease else 0.0

    def _outgoing(self, row: tuple[Any, ...], until: float) -> Outgoing:
        service = self._surroundings.service_of(row[2]) or row[2].split(".")[0]
        envelope = envelope_of(row[:-1], f"/{self._surroundings.system}/{service}")
        return Outgoing(
            envelope.id, envelope.type, service, envelope.key, cloudevents.encode(envelope), until
        )

    def _hold_back(self, keys: set[str]) -> None:
        for key in keys:
            failures = self._waiting.get(key, (0.0, 0))[1] + 1
            pause = min(LONGEST_PAUSE, 0.25 * 2 ** min(failures, 10))
            self._waiting[key] = (time.monotonic() + pause, failures)

    def _pause(self) -> float:
        return max(0.05, min(until for until, _ in self._waiting.values()) - time.monotonic())

    def _balance(self) -> None:
        """Take free partitions up to a fair share, give back what is beyond it."""
        now = time.monotonic()
        if now - self._balanced < BALANCING:
            return
        self._leases.take([self._presence()])
        relays = max(1, self._leases.count(_PRESENCE))
        share = math.ceil(PARTITIONS / relays)
        held = [number for number in range(PARTITIONS) if self._leases.held(_partition(number))]
        if len(held) > share:
            self._leases.release([_partition(number) for number in held[share:]])
        elif len(held) < share:
            free = [number for number in range(PARTITIONS) if number not in held]
            taken = self._leases.take_up_to(
                share - len(held), [_partition(number) for number in free]
            )
            if taken:
                log.info("events.partitions_taken", count=len(taken), relays=relays)
        self._balanced = now

    def _presence(self) -> str:
        return _PRESENCE + self._leases.holder


_PRESENCE = "relay/"


def _partition(number: int) -> str:
    return f"outbox/{number:02}"
