"""Spans of OTLP as rows, and what is wrong with some of them."""

import json
import time

import pytest
from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status

from ramet.tools.dashboard.otlp.decoding import PROTOBUF, decode
from ramet.tools.dashboard.otlp.signals import TRACES
from ramet.tools.dashboard.otlp.spans import weight
from tests.unit.tools.dashboard.otlp.requests import span, traces

HOUR = 3_600 * 1_000_000_000


def decoded(*spans, **about):
    return decode(traces(*spans, **about).SerializeToString(), PROTOBUF, TRACES)


def one(*args, **given):
    """The record of a single span."""
    result = decoded(span(*args, **given))
    assert result.rejected == 0
    return result.batch.spans[0]


def losses(result):
    return {reason: count for (_, reason), count in result.batch.losses.items()}


def test_a_span_is_decoded_whole():
    sent = span(
        {"http.route": "/", "user.id": "7", "app.items": 3, "ok": True, "share": 0.5, "no": None},
        parent_span_id=b"12345678",
        status=Status(code=Status.STATUS_CODE_ERROR, message="it broke"),
        links=[Span.Link(trace_id=b"t" * 16, span_id=b"s" * 8)],
        events=[Span.Event(time_unix_nano=5, name="exception")],
    )
    result = decoded(sent, **{"process.pid": 7})
    assert (result.rejected, result.message) == (0, "")
    (record,) = result.batch.spans
    assert record.trace_id == sent.trace_id
    assert record.span_id == sent.span_id
    assert record.parent_id == b"12345678"
    assert (record.service, record.name, record.kind) == ("orders", "GET /", 2)
    assert (record.start, record.duration) == (sent.start_time_unix_nano, 1_000_000)
    assert (record.status, record.message, record.user) == (2, "it broke", "7")
    assert json.loads(record.attributes) == {
        "http.route": "/",
        "user.id": "7",
        "app.items": 3,
        "ok": True,
        "share": 0.5,
        "no": None,
    }
    assert json.loads(record.links) == [[(b"t" * 16).hex(), (b"s" * 8).hex(), {}]]
    assert json.loads(record.events) == [[5, "exception", {}]]
    assert json.loads(record.resource) == {"service.name": "orders", "process.pid": 7}


def test_the_service_is_the_spans_own_in_a_process_of_several():
    assert one({"ramet.service": "payments"}).service == "payments"
    result = decoded(span(), service=None)
    assert result.batch.spans[0].service == "unknown_service"
    # A hop of the mesh is none of the service that it works for.
    result = decoded(span(), service="mesh", **{"ramet.service": "payments"})
    assert result.batch.spans[0].service == "mesh"


@pytest.mark.parametrize(
    ("kind", "attributes", "peer"),
    [
        (
            3,
            {"db.system.name": "postgresql", "db.namespace": "orders"},
            "database:postgresql/orders",
        ),
        (3, {"db.system": "redis"}, "database:redis"),
        (3, {"rpc.system.name": "connectrpc", "ramet.callee": "products"}, "service:products"),
        (3, {"peer.service": "billing", "server.address": "10.0.0.1"}, "service:billing"),
        (3, {"server.address": "api.example.com", "server.port": 443}, "external:api.example.com"),
        (3, {"server.address": "localhost", "server.port": 9000}, "external:localhost:9000"),
        (3, {"http.request.method": "GET"}, None),
        (2, {"ramet.caller": "orders"}, "service:orders"),
        (2, {"server.address": "localhost"}, None),
        (
            4,
            {
                "messaging.system": "ramet",
                "messaging.operation.type": "create",
                "messaging.destination.name": "orders.OrderPlaced.v1",
            },
            "event:orders.OrderPlaced.v1",
        ),
        (
            4,
            {
                "messaging.system": "ramet",
                "messaging.operation.type": "send",
                "messaging.destination.name": "orders.OrderPlaced.v1",
            },
            None,
        ),
        (
            4,
            {
                "messaging.system": "kafka",
                "messaging.operation.type": "send",
                "messaging.destination.name": "topic",
            },
            "event:topic",
        ),
        (
            5,
            {
                "messaging.system": "ramet",
                "messaging.operation.type": "process",
                "messaging.destination.name": "orders.OrderPlaced.v1",
            },
            "event:orders.OrderPlaced.v1",
        ),
        (
            5,
            {
                "messaging.system": "ramet",
                "messaging.operation.type": "receive",
                "messaging.destination.name": "orders.OrderPlaced.v1",
            },
            None,
        ),
        (5, {"messaging.system": "celery", "celery.task_name": "send"}, "task:send"),
    ],
)
def test_the_other_end_is_read_from_the_conventions(kind, attributes, peer):
    record = one(attributes, kind=kind)
    assert (f"{record.peer_kind}:{record.peer}" if record.peer else None) == peer


def test_the_place_in_the_code_is_read_under_its_old_name_too():
    assert one({"code.file.path": "a.py", "code.line.number": 7}).place == "a.py:7"
    assert one({"code.filepath": "a.py", "code.lineno": 7}).place == "a.py:7"
    assert one({"code.file.path": "a.py"}).place == "a.py"
    assert one({"code.line.number": 7}).place is None


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        ("", 1),
        ("ot=th:0", 1),
        ("ot=th:8", 2),
        ("ot=th:c", 4),
        ("vendor=1,ot=rv:abc;th:e6666666666668", pytest.approx(10)),
        ("ot=th:nonsense", 1),
        ("ot=th:", 1),
        ("ot=th:" + "f" * 15, 1),
        ("other=th:8", 1),
    ],
)
def test_a_sampled_span_stands_for_as_many_as_its_threshold_says(state, expected):
    assert weight(state) == expected
    assert one(trace_state=state).weight == expected


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ({"trace_id": b"short"}, "wrong-id-length"),
        ({"trace_id": b""}, "wrong-id-length"),
        ({"span_id": b"x" * 16}, "wrong-id-length"),
        ({"parent_span_id": b"x"}, "wrong-id-length"),
        ({"trace_id": bytes(16)}, "zero-id"),
        ({"span_id": bytes(8)}, "zero-id"),
        ({"start_time_unix_nano": 0}, "without-time"),
        ({"start_time_unix_nano": time.time_ns() + HOUR}, "from-the-future"),
        ({"end_time_unix_nano": 2**64 - 1}, "from-the-future"),
    ],
)
def test_only_the_offending_span_is_lost_and_told(given, reason):
    result = decoded(span(), span(**given), span())
    assert len(result.batch.spans) == 2
    assert result.rejected == 1
    assert losses(result) == {reason: 1}
    assert result.message == f"1 {reason}"


def test_a_parent_of_zeros_is_none():
    assert one(parent_span_id=bytes(8)).parent_id is None


def test_a_span_that_ends_before_it_starts_took_no_time():
    now = time.time_ns()
    result = decoded(span(start_time_unix_nano=now, end_time_unix_nano=now - 5))
    assert result.batch.spans[0].duration == 0
    assert result.rejected == 0
    assert losses(result) == {"ends-before-start": 1}


def test_long_texts_are_cut_and_told():
    result = decoded(span({"text": "x" * 10_000}, name="n" * 10_000))
    (record,) = result.batch.spans
    assert json.loads(record.attributes)["text"] == "x" * 8_192 + "… (1808 more characters)"
    assert len(record.name) < 600
    assert losses(result) == {"text-cut": 2}


def test_a_million_attributes_are_cut_to_128():
    sent = span()
    # By hand, as building a million messages takes long: Span.attributes, KeyValue.key.
    sent.MergeFromString(b"".join(b"\x4a\x0a\x0a\x08%08d" % n for n in range(1_000_000)))
    result = decoded(sent, span())
    many, few = result.batch.spans
    assert len(json.loads(many.attributes)) == 128
    assert few.attributes == "{}"
    assert losses(result) == {"attributes-cut": 1}


def test_many_long_attributes_leave_the_short_ones():
    long = {f"long-{number}": "x" * 8_000 for number in range(20)}
    result = decoded(span({"short": "y"} | long))
    assert json.loads(result.batch.spans[0].attributes) == {"short": "y"}
    assert losses(result) == {"attributes-cut": 1}


def test_deep_nesting_ends_after_eight_levels():
    nested = "core"
    for _ in range(20):
        nested = [nested]
    result = decoded(span({"deep": nested, "map": {"a": {"b": [1, b"\x00\xff"]}}}))
    found = json.loads(result.batch.spans[0].attributes)
    assert json.dumps(found["deep"], ensure_ascii=False) == "[" * 8 + '"…"' + "]" * 8
    assert found["map"] == {"a": {"b": [1, "AP8="]}}
    assert losses(result) == {"attributes-cut": 1}


def test_numbers_that_json_has_no_word_for_are_null():
    assert json.loads(one({"a": float("nan"), "b": float("inf")}).attributes) == {
        "a": None,
        "b": None,
    }


def test_events_and_links_are_bounded():
    result = decoded(
        span(
            events=[Span.Event(name=str(number)) for number in range(200)],
            links=[Span.Link(trace_id=b"short", span_id=b"s" * 8)],
        )
    )
    (record,) = result.batch.spans
    assert len(json.loads(record.events)) == 128
    assert record.links == "[]"
    assert losses(result) == {"events-cut": 72, "links-cut": 1}
