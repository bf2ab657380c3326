"""Redis Streams: one stream a system, read from a stored place; a group only marks the place.

Redis runs one command at a time and gives every entry a higher id than the last
(https://redis.io/docs/latest/commands/xadd/), so there are no late commits: plain XREAD after the
stored id skips nothing and overtakes nothing. Consumer groups would spread the events of one key
over several readers. The group of a service is a bookmark, for `XINFO GROUPS` and for a service
that moves to another database.
"""

from __future__ import annotations

import contextlib
import re
import threading
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit
from uuid import UUID

import structlog

from ramet.errors import DiagnosticError, Mistake
from ramet.events.brokers import (
    BrokerUnavailable,
    Capabilities,
    Deliver,
    Incoming,
    Outgoing,
    client_missing,
    is_one_of,
)
from ramet.events.brokers.lanes import in_time, sendable
from ramet.events.brokers.positions import note_lost_end, place_in, position_of
from ramet.failpoints import reached

try:
    from redis import Redis
    from redis.backoff import NoBackoff
    from redis.exceptions import AuthenticationError, RedisError, ResponseError
    from redis.retry import Retry
except ModuleNotFoundError as error:
    raise client_missing("Redis", "redis", "redis") from error

log = structlog.get_logger("ramet.events")

ANSWER = 5.0
"""Seconds within which the server answers, and within which a connection is made."""
WAIT = 500
"""Milliseconds for which a reader waits for the next event before it looks around."""
BATCH = 256
"""Events of one read, and at most delivered to the inbox in one transaction."""
LARGEST = 16 * 1024 * 1024
"""Bytes of one event: the server would take 512 MB, but it holds all of them in memory."""
PIPELINED = 4 * 1024 * 1024
"""Bytes that are sent in one transaction of the server."""
TRIMMING = 60.0
"""Seconds between two removals of what is older than the broker keeps."""
_DAY = 86_400_000


class RedisBroker:
    """See `ramet.events.brokers.Broker`."""

    capabilities = Capabilities(
        "Redis Streams", key_order=True, replay=True, delay=False, largest=LARGEST
    )

    def __init__(self, url: str, system: str, *, instance: str, keeps_days: int) -> None:
        self._url, self._replicas = _replicas_of(url)
        self._instance, self._keeps_days = instance, keeps_days
        self.stream = f"{re.sub(r'[^A-Za-z0-9_-]', '-', system)}:events"
        self._lock = threading.Lock()
        self._sender: Redis | None = None
        self._trimmed = float("-inf")

    def send(self, batch: Sequence[Outgoing]) -> set[UUID]:
        """In transactions of the server: all of one is stored in its order, or nothing."""
        acknowledged: set[UUID] = set()
        with self._lock:
            try:
                client = self._sender_connected()
                for portion in _portions(sendable(batch, LARGEST)):
                    reached("broker.before-send")
                    events = in_time(portion)
                    if not events or not self._is_stored(client, events):
                        break
                    reached("broker.after-send")
                    acknowledged.update(event.id for event in events)
                self._trim(client)
            except RedisError as error:
                self._disconnect()
                if not acknowledged:
                    raise _unavailable(error) from error
                log.warning("events.sending_interrupted", error=str(error))
        return acknowledged

    def remembered(self, durable: str) -> str:
        """Where the service's group stands."""
        with self._connection() as client:
            if not client.exists(self.stream):
                return ""
            groups: list[dict[str, Any]] = client.xinfo_groups(self.stream)
            for group in groups:
                place = group["last-delivered-id"].decode()
                if group["name"].decode() == durable and place != "0-0":
                    return position_of(self._identity(client), place)
        return ""

    def consume(
        self,
        durable: str,
        types: Sequence[str],
        after: str,
        deliver: Deliver,
        proceed: Callable[[], bool],
    ) -> None:
        """The position is `<identity of the stream>/<id of the entry>`."""
        with self._connection() as client:
            identity = self._identity(client)
            place = self._place(client, identity, after)
            self._make_group(client, durable, place)
            while proceed():
                found = client.xread({self.stream: place}, count=BATCH, block=WAIT)
                if not found:
                    continue
                entries = _entries(found)
                incoming = [
                    Incoming(fields.get(b"event", b""), position_of(identity, number.decode()))
                    for number, fields in entries
                    if b"type" not in fields
                    or is_one_of(fields[b"type"].decode(errors="replace"), types)
                ]
                if incoming:
                    deliver(incoming)
                place = entries[-1][0].decode()
                client.xgroup_setid(self.stream, durable, place)
                reached("receiver.acknowledged")

    def close(self) -> None:
        """Readers end with the call that they are in."""
        with self._lock:
            self._disconnect()

    def _is_stored(self, client: Redis, events: Sequence[Outgoing]) -> bool:
        pipeline = client.pipeline(transaction=True)
        for event in events:
            pipeline.xadd(self.stream, {"type": event.type, "event": event.body})
        pipeline.execute()
        if not self._replicas:
            return True
        reached = client.wait(self._replicas, int(ANSWER * 500))
        if int(reached) < self._replicas:
            log.warning(
                "events.not_replicated",
                found=f"{reached} replicas have it",
                expected=f"{self._replicas}, as RAMET_BROKER_URL says",
            )
        return int(reached) >= self._replicas

    def _trim(self, client: Redis) -> None:
        """By the server's clock, which the ids are made of."""
        if time.monotonic() - self._trimmed < TRIMMING:
            return
        seconds, _ = client.time()
        oldest = int(seconds) * 1000 - self._keeps_days * _DAY
        client.xtrim(self.stream, minid=oldest, approximate=True)
        self._trimmed = time.monotonic()

    def _make_group(self, client: Redis, durable: str, place: str) -> None:
        try:
            client.xgroup_create(self.stream, durable, place, mkstream=True)
        except ResponseError as error:
            if "BUSYGROUP" not in str(error):  # it is there already
                raise

    def _place(self, client: Redis, identity: str, after: str) -> str:
        """The id to read after, `0` for the beginning.

        A stored place that the stream has not reached yet is of a tail that a replica, or a file
        that was flushed too late, did not have: new entries may get lower ids than it.
        """
        place = place_in(identity, after) or "0"
        last = "0-0"
        if client.exists(self.stream):
            last = client.xinfo_stream(self.stream)["last-generated-id"].decode()
        if _order(place) > _order(last):
            note_lost_end()
            return "0"
        return place

    def _identity(self, client: Redis) -> str:
        """Made with the stream: one that was lost is another one."""
        name = f"{self.stream}:identity"
        client.set(name, uuid.uuid4().hex, nx=True)
        found = client.get(name)
        if not isinstance(found, bytes):
            raise BrokerUnavailable(f"Redis: {name} has vanished")
        return found.decode()

    def _sender_connected(self) -> Redis:
        if self._sender is None:
            client = self._client()
            self._identity(client)
            _warn_of_losses(client)
            self._sender = client
        return self._sender

    def _client(self) -> Redis:
        client: Redis = Redis.from_url(
            self._url,
            client_name=re.sub(r"[^!-~]", "-", self._instance),
            socket_timeout=ANSWER,
            socket_connect_timeout=ANSWER,
            socket_keepalive=True,
            # What is done again is for the caller to say, who knows the order.
            retry=Retry(NoBackoff(), 0),
            single_connection_client=True,
        )
        return client

    @contextlib.contextmanager
    def _connection(self) -> Iterator[Redis]:
        """One of a reader's own: waiting for events, it answers nobody else."""
        try:
            client = self._client()
            try:
                yield client
            finally:
                client.close()
        except RedisError as error:  # what `deliver` raises is not ours
            raise _unavailable(error) from error

    def _disconnect(self) -> None:
        client, self._sender = self._sender, None
        if client is not None:
            client.close()


def _warn_of_losses(client: Redis) -> None:
    found: dict[str, Any] = {**client.info("persistence"), **client.info("memory")}
    if not found.get("aof_enabled"):
        log.warning(
            "events.broker_may_lose",
            found="a Redis server with appendonly no",
            remedy="set appendonly yes and appendfsync always",
        )
    if found.get("maxmemory") and str(found.get("maxmemory_policy")).startswith("allkeys"):
        log.warning(
            "events.broker_may_lose",
            found=f"a Redis server with maxmemory-policy {found['maxmemory_policy']}",
            remedy="set maxmemory-policy noeviction: a full server must refuse, not forget",
        )


def _entries(found: Any) -> list[tuple[bytes, dict[bytes, bytes]]]:
    """Those of the one stream that was read: a list of pairs in RESP2, a dictionary in RESP3."""
    if isinstance(found, dict):
        (batches,) = found.values()
        return [entry for batch in batches for entry in batch]
    ((_, entries),) = found
    return list(entries)


def _portions(events: Sequence[Outgoing]) -> Iterator[list[Outgoing]]:
    portion: list[Outgoing] = []
    size = 0
    for event in events:
        if portion and size + len(event.body) > PIPELINED:
            yield portion
            portion, size = [], 0
        portion.append(event)
        size += len(event.body)
    if portion:
        yield portion


def _order(place: str) -> tuple[int, int]:
    moment, _, number = place.partition("-")
    return int(moment), int(number or 0)


def _replicas_of(url: str) -> tuple[str, int]:
    """The URL without `replicas`, which is ours, and its value."""
    parts = urlsplit(url)
    asked = dict(parse_qsl(parts.query, keep_blank_values=True))
    replicas = asked.pop("replicas", "0")
    if not replicas.isdecimal():
        raise DiagnosticError(
            Mistake(
                "broker-url",
                "RAMET_BROKER_URL",
                f"replicas={replicas!r}",
                "the number of replicas that must have an event before it counts as stored",
                "write replicas=1, or the like, or leave it out",
            )
        )
    return urlunsplit(parts._replace(query=urlencode(asked))), int(replicas)


def _unavailable(error: Exception) -> BrokerUnavailable:
    told = str(error) or type(error).__name__
    if isinstance(error, AuthenticationError) or told.startswith(("WRONGPASS", "NOAUTH")):
        remedy = "correct user and password in RAMET_BROKER_URL"
    elif told.startswith(("OOM", "MISCONF", "READONLY", "NOPERM")) or "command not allowed" in told:
        remedy = "repair the Redis server: it answers, but takes no events"
    else:
        remedy = "see that the Redis server of RAMET_BROKER_URL runs and can be reached"
    return BrokerUnavailable(f"Redis: {told}", remedy)
