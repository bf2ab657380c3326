"""PostgreSQL as the broker: a database of its own that all services reach, and two connections.

Its tables are in `tables.py`. A reader is woken by NOTIFY, which is sent after the commit and once
for a batch, and looks by itself every second. Behind a pooler (PgBouncer in transaction mode) it
only looks.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any
from uuid import UUID

import psycopg
import structlog

from ramet.errors import DiagnosticError, Mistake
from ramet.events.brokers import BrokerUnavailable, Capabilities, Deliver, Incoming, Outgoing
from ramet.events.brokers.lanes import in_time, sendable
from ramet.events.brokers.positions import note_lost_end, number_in, position_of
from ramet.events.brokers.postgres import tables
from ramet.events.pulse import is_pooled
from ramet.failpoints import reached

log = structlog.get_logger("ramet.events")

CHANNEL = "ramet_broker"
CONNECT = 5
"""Seconds for a connection."""
ANSWER = 10
"""Seconds for which a sender waits for another one, or for a server that went without a word."""
POLL = 1.0
"""Seconds between two looks when nothing wakes a reader."""
BATCH = 256
"""Events of one read, and at most delivered to the inbox in one transaction."""
LARGEST = 16 * 1024 * 1024
"""Bytes of one event: a row could hold 1 GB, twice of which would be in memory."""
FORGETTING = 60.0
"""Seconds between two removals of what is older than the broker keeps."""
FORGOTTEN = 5_000
"""Rows of one removal."""


class PostgresBroker:
    """See `ramet.events.brokers.Broker`."""

    capabilities = Capabilities(
        "PostgreSQL", key_order=True, replay=True, delay=False, largest=LARGEST
    )

    def __init__(self, url: str, system: str, *, instance: str, keeps_days: int) -> None:
        self._url, self._system = url, system
        self._instance, self._keeps_days = instance, keeps_days
        self._lock = threading.Lock()
        self._sender: psycopg.Connection | None = None
        self._forgot = float("-inf")
        _read_url(url)

    def send(self, batch: Sequence[Outgoing]) -> set[UUID]:
        """In one transaction: all that fits is stored, or nothing."""
        with self._lock:
            try:
                connection = self._sender_connected()
                reached("broker.before-send")
                events = in_time(sendable(batch, LARGEST))
                if events:
                    self._append(connection, events)
                    reached("broker.after-send")
            except psycopg.Error as error:
                self._disconnect()
                raise _unavailable(error) from error
            self._keep_house(connection, is_news=bool(events))
        return {event.id for event in events}

    def remembered(self, durable: str) -> str:
        """What the reader's row says."""
        with self._connection() as connection:
            found = connection.execute(tables.REMEMBERED, [self._system, durable]).fetchone()
        return position_of(*found) if found else ""

    def consume(
        self,
        durable: str,
        types: Sequence[str],
        after: str,
        deliver: Deliver,
        proceed: Callable[[], bool],
    ) -> None:
        """The position is `<identity of the stream>/<number>/<id of the event>`."""
        with self._connection() as connection:
            identity, last = self._stream(connection)
            place, event = number_in(identity, after)
            if place > last or self._is_another(connection, place, event):
                note_lost_end()
                place = 0
            if not is_pooled(connection):
                connection.execute(f"LISTEN {CHANNEL}")
            while proceed():
                rows = connection.execute(
                    tables.READ, [list(types), list(types), self._system, place, BATCH]
                ).fetchall()
                if not rows:
                    self._wait(connection, proceed)
                    continue
                incoming = [
                    Incoming(body, position_of(identity, number, event))
                    for number, event, body in rows
                    if body is not None
                ]
                if incoming:
                    deliver(incoming)
                place = rows[-1][0]
                self._remember(connection, durable, identity, place)
                reached("receiver.acknowledged")

    def close(self) -> None:
        """Readers end with the call that they are in."""
        with self._lock:
            self._disconnect()

    def _append(self, connection: psycopg.Connection, events: Sequence[Outgoing]) -> None:
        with connection.transaction():
            # Whoever runs the database may prefer speed; here, acknowledged means on disk.
            connection.execute(tables.BE_DURABLE, [f"{ANSWER}s"])
            taken = connection.execute(tables.TAKE_NUMBERS, [len(events), self._system]).fetchone()
            if taken is None:
                raise BrokerUnavailable("PostgreSQL: the row of the system's stream has vanished")
            first = taken[0] - len(events) + 1
            connection.execute(
                tables.APPEND,
                [
                    self._system,
                    list(range(first, taken[0] + 1)),
                    [event.id for event in events],
                    [event.type for event in events],
                    [event.key for event in events],
                    [event.body for event in events],
                ],
            )

    def _keep_house(self, connection: psycopg.Connection, *, is_news: bool) -> None:
        """Wake readers and remove old rows. What fails here is only told: the events are stored,
        and an error would have all of them appended again, for as long as it lasts.
        """
        try:
            if is_news:
                connection.execute("SELECT pg_notify(%s, %s)", [CHANNEL, self._system])
        except psycopg.Error as error:  # readers look by themselves
            self._disconnect()
            log.warning("events.readers_not_woken", error=str(error))
            return
        try:
            self._forget(connection)
        except psycopg.Error as error:
            self._disconnect()
            self._forgot = time.monotonic()
            log.warning(
                "events.old_events_not_removed",
                error=str(error),
                remedy="see that the user of RAMET_BROKER_URL may delete from ramet_broker_event",
            )

    def _forget(self, connection: psycopg.Connection) -> None:
        if time.monotonic() - self._forgot < FORGETTING:
            return
        removed = connection.execute(
            tables.FORGET, [self._system, self._system, FORGOTTEN, self._keeps_days]
        ).rowcount
        if removed < FORGOTTEN:
            self._forgot = time.monotonic()

    def _wait(self, connection: psycopg.Connection, proceed: Callable[[], bool]) -> None:
        until = time.monotonic() + POLL
        while proceed() and (left := until - time.monotonic()) > 0:
            for note in connection.notifies(timeout=min(left, 0.5), stop_after=1):
                if note.payload == self._system:
                    return

    def _remember(
        self, connection: psycopg.Connection, durable: str, identity: str, place: int
    ) -> None:
        with connection.transaction():
            # The caller knows its place; this is for its move to another database.
            connection.execute("SET LOCAL synchronous_commit = off")
            connection.execute(tables.REMEMBER, [self._system, durable, identity, place])

    def _stream(self, connection: psycopg.Connection) -> tuple[str, int]:
        """Its identity, which a stream that was made anew does not share, and its last number."""
        found = connection.execute(tables.STREAM, [self._system]).fetchone()
        if found is None:
            raise BrokerUnavailable("PostgreSQL: the row of the system's stream has vanished")
        return found[0], found[1]

    def _is_another(self, connection: psycopg.Connection, number: int, event: str) -> bool:
        """Whether a second event has got the number; one that was removed counts as the first."""
        found = connection.execute(tables.ID_OF, [self._system, number]).fetchone()
        return bool(event and found and found[0] != event)

    def _sender_connected(self) -> psycopg.Connection:
        if self._sender is None or self._sender.closed:
            self._sender = self._connected()
            # Else what a foreign LISTEN brings, on a pooled server connection, would be kept.
            self._sender.add_notify_handler(_drop)
        return self._sender

    @contextlib.contextmanager
    def _connection(self) -> Iterator[psycopg.Connection]:
        """One of a reader's own."""
        try:
            connection = self._connected()
        except psycopg.Error as error:
            raise _unavailable(error) from error
        try:
            yield connection
        except psycopg.Error as error:  # those of `deliver` are Django's
            raise _unavailable(error) from error
        finally:
            connection.close()

    def _connected(self) -> psycopg.Connection:
        connection = psycopg.connect(
            self._url,
            autocommit=True,
            connect_timeout=CONNECT,
            application_name=f"ramet {self._instance}",
            keepalives_idle=ANSWER,
            keepalives_interval=ANSWER // 2,
            keepalives_count=2,
            prepare_threshold=None,  # behind PgBouncer, the next transaction has another server
        )
        try:
            self._prepare(connection)
        except BaseException:
            connection.close()
            raise
        return connection

    def _prepare(self, connection: psycopg.Connection) -> None:
        """Make what is missing; a user without the right to make tables finds them made."""
        with connection.transaction():
            found = connection.execute(tables.ARE_THERE).fetchone()
            if not found or not found[0]:
                # Two that make a table at the same time would fail over its name.
                connection.execute("SELECT pg_advisory_xact_lock(%s)", [tables.LOCK])
                for statement in tables.TABLES:
                    connection.execute(statement)
        connection.execute(tables.MAKE_STREAM, [self._system])

    def _disconnect(self) -> None:
        connection, self._sender = self._sender, None
        if connection is not None:
            connection.close()


def _drop(note: psycopg.Notify) -> None:
    pass


def _read_url(url: str) -> dict[str, Any]:
    try:
        return psycopg.conninfo.conninfo_to_dict(url)
    except psycopg.ProgrammingError as error:
        raise DiagnosticError(
            Mistake(
                "broker-url",
                "RAMET_BROKER_URL",
                f"a URL that PostgreSQL's client cannot read: {type(error).__name__}",
                "the URL of a database that all services share for their events",
                "write postgresql://user:password@host:5432/name",
            )
        ) from error


def _unavailable(error: psycopg.Error) -> BrokerUnavailable:
    told = " ".join(str(error).split()) or type(error).__name__
    if "authentication failed" in told or "no password supplied" in told:
        remedy = "correct user and password in RAMET_BROKER_URL"
    elif isinstance(error, psycopg.errors.InsufficientPrivilege):
        remedy = "let the user of RAMET_BROKER_URL make tables there, or make them as an owner"
    else:
        remedy = "see that the database of RAMET_BROKER_URL exists and can be reached"
    return BrokerUnavailable(f"PostgreSQL: {told}", remedy)
