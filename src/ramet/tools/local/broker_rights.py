"""What a user of NATS may do that stands for a service, or for several in one process.

A sender is held to the subjects of its own services, so that nobody can speak for another one; a
receiver to the consumers of its services' names, so that nobody can take or remove another's. Named
as `ramet.events.brokers.nats` names them, which needs Django and so cannot be asked.
https://docs.nats.io/reference/reference-protocols/nats_api_reference
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from ramet.placement.messaging import Messaging

__all__ = ["Rights", "rights"]


@dataclass(frozen=True, slots=True)
class Rights:
    """Subjects that a user may publish to and subscribe to; to nothing else."""

    publish: tuple[str, ...]
    subscribe: tuple[str, ...]

    def as_json(self) -> dict[str, dict[str, list[str]]]:
        """As `permissions` of a user in the server's configuration."""
        return {
            "publish": {"allow": list(self.publish)},
            "subscribe": {"allow": list(self.subscribe)},
        }


def rights(system: str, user: str, services: Iterable[str], found: Messaging) -> Rights:
    """Those of `user`, whose process has `services` of the system.

    Whoever publishes may also make the stream where there is none, but neither change nor delete
    it, nor a message of it.
    """
    services = list(services)
    stream = f"{system}-events"
    publishers = [name for name in services if name in found.publishers]
    subscribers = [name for name in services if name in found.subscribers]
    publish = [f"$JS.API.STREAM.{deed}.{stream}" for deed in ("INFO", "CREATE")]
    publish += [f"{system}.events.{name}.*.*" for name in publishers]
    if subscribers:
        # To see whether the stream still has the place of the service.
        publish.append(f"$JS.API.STREAM.MSG.GET.{stream}")
    for name in subscribers:
        deeds = ("DURABLE.CREATE", "DELETE", "INFO", "MSG.NEXT")
        publish += [f"$JS.API.CONSUMER.{deed}.{stream}.{name}" for deed in deeds]
        publish.append(f"$JS.ACK.{stream}.{name}.>")
    inbox = re.sub(r"[^A-Za-z0-9_+-]", "-", user)
    return Rights(tuple(publish), (f"_INBOX.{inbox}.>",))
