"""CloudEvents 1.0, structured JSON: the form of an event on every wire.

https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/formats/json-format.md; the ordering key
is the `partitionkey` of the Partitioning extension.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

import msgspec

from ramet.events.keys import why_not_storable

CONTENT_TYPE = "application/cloudevents+json; charset=utf-8"

_OURS = frozenset(
    {"specversion", "id", "source", "type", "time", "datacontenttype", "partitionkey", "data"}
)


@dataclass(frozen=True, slots=True)
class Envelope:
    """An event as it travels: its payload still encoded, not every reader knows its type."""

    id: UUID
    type: str
    source: str
    """`/shop/orders`: system and service."""
    key: str
    time: datetime
    payload: str
    headers: dict[str, str]
    """Extension attributes, such as `traceparent`."""


class NotACloudEvent(ValueError):
    """What arrived is not a CloudEvent that can be worked off."""


def encode(envelope: Envelope) -> bytes:
    """The CloudEvent as UTF-8 JSON."""
    return msgspec.json.encode(
        {
            "specversion": "1.0",
            "id": str(envelope.id),
            "source": envelope.source,
            "type": envelope.type,
            "time": envelope.time,
            "datacontenttype": "application/json",
            "partitionkey": envelope.key,
            **{name: value for name, value in envelope.headers.items() if name not in _OURS},
            "data": msgspec.Raw(envelope.payload.encode()),
        }
    )


class _Wire(msgspec.Struct):
    specversion: str
    id: UUID
    source: str
    type: str
    data: msgspec.Raw
    time: datetime | None = None
    partitionkey: str | None = None


def decode(body: bytes) -> Envelope:
    """The envelope of a CloudEvent from any sender; raises NotACloudEvent with what is wrong.

    An event without `partitionkey` is ordered with itself only; one without `time` gets the epoch.
    """
    try:
        wire = msgspec.json.decode(body, type=_Wire)
        attributes = msgspec.json.decode(body, type=dict[str, msgspec.Raw])
        headers = {
            name: msgspec.json.decode(raw) if bytes(raw)[:1] == b'"' else bytes(raw).decode()
            for name, raw in attributes.items()
            if name not in _OURS and name.isalnum() and bytes(raw)[:1] not in (b"{", b"[")
        }
        payload = bytes(wire.data).decode()
    # msgspec passes over what it does not decode, so other bytes than UTF-8 show only here, and
    # endless nesting is a RecursionError.
    except (msgspec.DecodeError, ValueError, RecursionError) as error:
        raise NotACloudEvent(str(error)) from error
    if "\0" in payload:
        raise NotACloudEvent("data has a NUL character")
    if wire.specversion != "1.0":
        raise NotACloudEvent(f"specversion {wire.specversion}, expected 1.0")
    key = wire.partitionkey if wire.partitionkey is not None else str(wire.id)
    if reason := why_not_storable(key):
        raise NotACloudEvent(f"partitionkey has {reason}")
    return Envelope(
        id=wire.id,
        type=wire.type,
        source=wire.source,
        key=key,
        time=wire.time or datetime.fromtimestamp(0, UTC),
        payload=payload,
        headers=headers,
    )
