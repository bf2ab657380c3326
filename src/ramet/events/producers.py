"""Who may say what: an event counts only when it comes from the service that declares it.

Two things must agree with the type of an event. Its `source`, which is what the sender says; and
the subject or routing key by which the broker let it in, where there is one: a broker with rights
for each service holds its sender to that, and a sender cannot write anything else there.
"""

from __future__ import annotations

from ramet.events.brokers import SentAs
from ramet.events.cloudevents import Envelope
from ramet.events.surroundings import Surroundings

__all__ = ["FORGED", "why_not_its_producer"]

FORGED = "not from its producer"
"""How the error of a dead letter begins that became one because of its sender."""


def why_not_its_producer(envelope: Envelope, sent_as: SentAs, place: Surroundings) -> str | None:
    """What speaks against the sender, for a person; None: nothing does.

    The producer of `shop.orders.OrderPlaced.v1` is the service that owns `shop.orders` in this
    process's `ramet.toml`; where none does, any service of the system may have sent it.
    """
    app = envelope.type.rpartition(".v")[0].rpartition(".")[0]
    producer = place.service_of(app)
    if producer is not None and envelope.source != f"/{place.system}/{producer}":
        return f"source {envelope.source[:100]!r}, but {app} belongs to {producer}"
    if sent_as.service and envelope.source.rpartition("/")[2] != sent_as.service:
        return f"source {envelope.source[:100]!r}, but {sent_as.service} sent it"
    if sent_as.type and not f".{envelope.type}".endswith(f".{sent_as.type}"):
        return f"type {envelope.type[:100]!r}, but it was sent as {sent_as.type[:100]!r}"
    return None
