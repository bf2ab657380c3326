"""Reading one JetStream consumer by requests: apart from the adapter, because what can be lost on
the way, and how that is noticed, is an idea of its own.
"""

from __future__ import annotations

import asyncio
import json
import re
import time
from collections import deque
from collections.abc import Mapping

from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.aio.subscription import Subscription

from ramet.events.brokers import BrokerUnavailable, Incoming, SentAs
from ramet.events.brokers.positions import position_of

BATCH = 256
"""Events asked for at once, and at most delivered to the inbox in one transaction."""
EXPIRES = 30.0
"""Seconds for which the server keeps a request for events."""
HEARTBEAT = 5.0
"""Seconds after which the server says that it still knows of a request, if it has nothing else to
say. After three times as long the request is taken for lost and the consumer is made anew."""


def id_of(headers: Mapping[str, str] | None) -> str:
    """The id of an event of ours, empty for what another program has sent."""
    found = (headers or {}).get("Nats-Msg-Id", "")
    return found if re.fullmatch(r"[0-9a-f-]{36}", found) else ""


class Reception:
    """One consumer that is being read, and the check that nothing is missing in between."""

    def __init__(self, client: Client, stream: str, durable: str, made: str) -> None:
        self._client, self._made, self._inbox = client, made, client.new_inbox()
        self._ask = f"$JS.API.CONSUMER.MSG.NEXT.{stream}.{durable}"
        self._subscription: Subscription | None = None
        # Filled by a callback: the client's own `next_msg` makes a task and a timer a message.
        self._arrived: deque[Msg] = deque()
        self._arrival = asyncio.Event()
        self._reconnects = client.stats["reconnects"]
        self._expected = 1
        self._asked = 0
        self._heard = time.monotonic()

    async def begin(self) -> None:
        """Be there for what the requests will bring."""
        self._subscription = await self._client.subscribe(self._inbox, cb=self._arrives)

    async def _arrives(self, message: Msg) -> None:
        self._arrived.append(message)
        self._arrival.set()

    async def next(self, wait: float) -> list[Msg]:
        """What has arrived; if nothing has, what arrives first within `wait` seconds."""
        if self._asked < BATCH // 2:
            # Open requests add up in the server, so the next events are on their way meanwhile.
            self._asked += BATCH
            request = {
                "batch": BATCH,
                "expires": int(EXPIRES * 10**9),
                "idle_heartbeat": int(HEARTBEAT * 10**9),
            }
            await self._client.publish(self._ask, json.dumps(request).encode(), self._inbox)
        messages: list[Msg] = []
        until = time.monotonic() + wait  # heartbeats must not prolong it
        while not messages and await self._has_arrived(until):
            while self._arrived and len(messages) < BATCH:
                self._heard = time.monotonic()
                if self._is_event(message := self._arrived.popleft()):
                    messages.append(message)
        if not messages and time.monotonic() - self._heard > 3 * HEARTBEAT:
            raise BrokerUnavailable("a request for events was lost")
        if self._client.stats["reconnects"] != self._reconnects or not self._client.is_connected:
            # Events and requests of before may be lost on the way: begin again after what is
            # stored.
            raise BrokerUnavailable("the connection was interrupted")
        return messages

    async def _has_arrived(self, until: float) -> bool:
        """Whether something is there, or comes until then; when it is quiet, the caller looks
        around and asks again."""
        if self._arrived:
            return True
        self._arrival.clear()
        try:
            await asyncio.wait_for(self._arrival.wait(), until - time.monotonic())
        except TimeoutError:
            return False
        return True

    def _is_event(self, message: Msg) -> bool:
        if not message.reply and message.headers and "Status" in message.headers:
            status = message.headers["Status"]
            if status in ("404", "408") or "Batch Completed" in message.headers.get(
                "Description", ""
            ):
                left = message.headers.get("Nats-Pending-Messages")
                self._asked = max(0, self._asked - int(left)) if left else 0
                return False
            if status == "100":
                return False
            raise BrokerUnavailable(f"status {status} {message.headers.get('Description', '')}")
        number = message.metadata.sequence.consumer
        if number != self._expected:
            raise BrokerUnavailable(f"delivery {number} where {self._expected} was expected")
        self._expected += 1
        self._asked -= 1
        return True

    def incoming(self, message: Msg) -> Incoming:
        number = message.metadata.sequence.stream
        # The last three tokens of a subject, which is what a user of the server has rights to.
        *_, service, name, version = message.subject.split(".")
        return Incoming(
            message.data,
            position_of(self._made, number, id_of(message.headers)),
            SentAs(service, f"{name}.{version}"),
        )

    async def acknowledge(self, last: Msg) -> None:
        """With the policy ALL this covers everything before it too."""
        await last.ack()

    async def close(self) -> None:
        if not self._client.is_closed:
            if self._subscription is not None:
                await self._subscription.unsubscribe()
            if self._client.is_connected:
                await self._client.flush()  # the last acknowledgement must not die with the process
