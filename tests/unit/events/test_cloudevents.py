"""The envelope on the wire: ours, and what other programs may send."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from uuid import uuid4

import pytest

from ramet.events.cloudevents import Envelope, NotACloudEvent, decode, encode


def test_an_envelope_survives_the_wire() -> None:
    envelope = Envelope(
        id=uuid4(),
        type="shop.orders.OrderPlaced.v1",
        source="/shop/orders",
        key="ä",
        time=datetime(2026, 1, 2, 3, 4, 5, 6, tzinfo=UTC),
        payload='{"note":"ü"}',
        headers={"traceparent": "00-1", "requestid": "r"},
    )
    assert decode(encode(envelope)) == envelope


def test_a_header_cannot_replace_an_attribute() -> None:
    envelope = Envelope(uuid4(), "t", "/s", "k", datetime.now(UTC), "{}", {"type": "forged"})
    assert json.loads(encode(envelope))["type"] == "t"


def test_an_event_of_another_program_without_the_optional_attributes_is_read() -> None:
    event_id = uuid4()
    found = decode(
        json.dumps(
            {
                "specversion": "1.0",
                "id": str(event_id),
                "source": "urn:other",
                "type": "x.v1",
                "data": {"a": 1},
                "sampled": True,
                "nested": {},
            }
        ).encode()
    )
    assert found.key == str(event_id)
    assert json.loads(found.payload) == {"a": 1}
    assert found.time.year == 1970
    assert found.headers == {"sampled": "true"}


@pytest.mark.parametrize(
    ("key", "reason"), [("k" * 256, "256 characters, at most 255"), ("k\0", "NUL")]
)
def test_a_key_that_no_inbox_can_store_is_refused(key: str, reason: str) -> None:
    body = {"specversion": "1.0", "id": str(uuid4()), "source": "s", "type": "t", "data": 1}
    with pytest.raises(NotACloudEvent, match=f"partitionkey has .*{reason}"):
        decode(json.dumps(body | {"partitionkey": key}).encode())
    assert decode(json.dumps(body | {"partitionkey": "k" * 255}).encode()).key == "k" * 255


_HEAD = b'{"specversion":"1.0","id":"%s","source":"s","type":"t",' % str(uuid4()).encode()


@pytest.mark.parametrize(
    "rest",
    [
        b'"data":"\xff"}',
        b'"data":1,"extension":"\xff"}',
        b'"data":1,"extension":\xff}',
        b'"data":"\0"}',
        b'"data":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    ],
    ids=["data not UTF-8", "extension not UTF-8", "extension not JSON", "NUL", "nested"],
)
def test_malformed_bytes_of_other_programs_are_told_apart(rest: bytes) -> None:
    with pytest.raises(NotACloudEvent):
        decode(_HEAD + rest)


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "truncated"),
        (b"[]", "Expected"),
        (b"{}", "specversion"),
        (b'{"specversion":"0.3","id":"%s","source":"s","type":"t","data":1}', "UUID"),
    ],
)
def test_what_is_no_cloudevent_is_told_apart(body: bytes, reason: str) -> None:
    with pytest.raises(NotACloudEvent, match=reason):
        decode(body)
