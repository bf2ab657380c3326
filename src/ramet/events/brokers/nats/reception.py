"""Reading one JetStream consumer by requests: apart from the adapter, because what can be lost on
the way, and how that is noticed, is an idea of its own.
"""

from __future__ import annotations

import json
import time

from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.aio.subscription import Subscription

from ramet.events.brokers import BrokerUnavailable, Incoming
from ramet.events.brokers.positions import position_of

BATCH = 256
"""Events asked for at once, and at most delivered to the inbox in one transaction."""
EXPIRES = 30.0
"""Seconds for which the server keeps a request for events."""
HEARTBEAT = 5.0
"""Seconds after which the server says that it still knows of a request, if it has nothing else to
say. After three times as long the request is taken for lost and the consumer is made anew."""


class Reception:
    """One consumer that is being read, and the check that nothing is missing in between."""

    def __init__(
        self,
        client: Client,
        stream: str,
        durable: str,
        made: str,
        inbox: str,
        subscription: Subscription,
    ) -> None:
        self._client, self._made, self._inbox = client, made, inbox
        self._ask = f"$JS.API.CONSUMER.MSG.NEXT.{stream}.{durable}"
        self._subscription = subscription
        self._reconnects = client.stats["reconnects"]
        self._expected = 1
        self._asked = 0
        self._heard = time.monotonic()

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
        try:
            while len(messages) < BATCH and (not messages or self._subscription.pending_msgs):
                message = await self._subscription.next_msg(max(0.01, until - time.monotonic()))
                self._heard = time.monotonic()
                if self._is_event(message):
                    messages.append(message)
                elif time.monotonic() > until:
                    break
        except TimeoutError:
            # Quiet; the caller looks around and asks again.
            if time.monotonic() - self._heard > 3 * HEARTBEAT:
                raise BrokerUnavailable("a request for events was lost") from None
        if self._client.stats["reconnects"] != self._reconnects or not self._client.is_connected:
            # Events and requests of before may be lost on the way: begin again after what is
            # stored.
            raise BrokerUnavailable("the connection was interrupted")
        return messages

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
        return Incoming(message.data, position_of(self._made, message.metadata.sequence.stream))

    async def acknowledge(self, last: Msg) -> None:
        """With the policy ALL this covers everything before it too."""
        await last.ack()

    async def close(self) -> None:
        if not self._client.is_closed:
            await self._subscription.unsubscribe()
            if self._client.is_connected:
                await self._client.flush()  # the last acknowledgement must not die with the process
