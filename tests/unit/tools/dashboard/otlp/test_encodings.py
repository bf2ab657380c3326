"""Binary and JSON OTLP: what is well formed, and what is broken, down to any bytes."""

import base64
import gzip
import json

import pytest
from google.protobuf.json_format import MessageToDict
from hypothesis import given, settings
from hypothesis import strategies as st
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import ResourceSpans, ScopeSpans

from ramet.tools.dashboard.otlp.bodies import Body, Refused
from ramet.tools.dashboard.otlp.decoding import JSON, PROTOBUF, decode
from ramet.tools.dashboard.otlp.signals import LOGS, METRICS, TRACES
from ramet.tools.dashboard.otlp.wire import Malformed
from tests.unit.tools.dashboard.otlp.requests import resource, span, traces

SIGNALS = (TRACES, LOGS, METRICS)

EXAMPLE = {
    "resourceSpans": [
        {
            "resource": {
                "attributes": [{"key": "service.name", "value": {"stringValue": "my.service"}}]
            },
            "scopeSpans": [
                {
                    "scope": {"name": "my.library", "version": "1.0.0"},
                    "spans": [
                        {
                            "traceId": "5B8EFFF798038103D269B633813FC60C",
                            "spanId": "EEE19B7EC3C1B174",
                            "parentSpanId": "EEE19B7EC3C1B173",
                            "name": "I'm a server span",
                            "startTimeUnixNano": "1544712660000000000",
                            "endTimeUnixNano": 1544712661000000000,
                            "kind": 2,
                            "newField": {"of": "a later version"},
                            "attributes": [
                                {"key": "count", "value": {"intValue": "17"}},
                                {"key": "bytes", "value": {"bytesValue": "AP8="}},
                            ],
                            "links": [
                                {"traceId": "ab" * 16, "spanId": "cd" * 8},
                            ],
                            "status": {"code": 1},
                        }
                    ],
                }
            ],
        }
    ]
}
"""After the example of the OTLP specification's repository (examples/trace.json)."""


def as_json(document):
    return json.dumps(document).encode()


def losses(result):
    return {reason: count for (_, reason), count in result.batch.losses.items()}


def test_json_has_ids_in_hexadecimal_and_numbers_as_text_or_not():
    result = decode(as_json(EXAMPLE), JSON, TRACES)
    assert (result.rejected, result.message) == (0, "")
    (record,) = result.batch.spans
    assert record.trace_id.hex() == "5b8efff798038103d269b633813fc60c"
    assert record.span_id.hex() == "eee19b7ec3c1b174"
    assert record.parent_id.hex() == "eee19b7ec3c1b173"
    assert (record.service, record.name, record.kind) == ("my.service", "I'm a server span", 2)
    assert (record.start, record.duration) == (1544712660000000000, 1_000_000_000)
    assert json.loads(record.attributes) == {"count": 17, "bytes": "AP8="}
    assert json.loads(record.links) == [["ab" * 16, "cd" * 8, {}]]


def test_both_encodings_say_the_same():
    request = traces(span({"a": 1, "b": [True, "x"]}), span())
    document = MessageToDict(request)
    for sent in document["resourceSpans"][0]["scopeSpans"][0]["spans"]:
        for name in ("traceId", "spanId"):
            sent[name] = base64.b64decode(sent[name]).hex()
    binary = decode(request.SerializeToString(), PROTOBUF, TRACES)
    text = decode(as_json(document), JSON, TRACES)
    assert binary.batch.spans == text.batch.spans


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"traceId": "not hexadecimal"}, "wrong-id-length"),
        ({"traceId": "ab"}, "wrong-id-length"),
        ({"traceId": 5}, "not-decodable"),
        ({"startTimeUnixNano": "soon"}, "not-decodable"),
        ({"startTimeUnixNano": -1}, "not-decodable"),
        ({"attributes": {"key": "no list"}}, "not-decodable"),
        ({"attributes": [5]}, "not-decodable"),
        ({"name": "\ud800"}, "not-decodable"),
        ({"status": []}, None),
        ({"links": "none"}, "not-decodable"),
        ({"kind": "SPAN_KIND_SERVER"}, None),
        ({"kind": 99}, None),
    ],
)
def test_only_the_offending_item_of_json_is_lost(changes, reason):
    document = json.loads(json.dumps(EXAMPLE))
    spans = document["resourceSpans"][0]["scopeSpans"][0]["spans"]
    spans.append(spans[0] | changes)
    spans.append(spans[0] | {"spanId": "01" * 8})
    result = decode(as_json(document), JSON, TRACES)
    assert len(result.batch.spans) == (2 if reason else 3)
    assert losses(result) == ({reason: 1} if reason else {})


def test_what_is_no_object_where_an_item_should_be_is_counted():
    document = {"resourceSpans": [5, {"scopeSpans": [{"spans": ["x", None]}, {"spans": {}}]}]}
    result = decode(as_json(document), JSON, TRACES)
    assert result.rejected == 3
    assert decode(b"{}", JSON, TRACES).rejected == 0
    document = {"resourceSpans": [EXAMPLE["resourceSpans"][0] | {"resource": 5}]}
    result = decode(as_json(document), JSON, TRACES)
    assert result.batch.spans[0].service == "unknown_service"
    assert losses(result) == {"resource-not-decodable": 1}


def test_json_that_is_no_utf_8_keeps_its_items():
    body = as_json(EXAMPLE).replace(b"server span", b"server \xff span")
    result = decode(body, JSON, TRACES)
    assert result.batch.spans[0].name == "I'm a server \N{REPLACEMENT CHARACTER} span"
    assert losses(result) == {"not-utf-8": 1}


@pytest.mark.parametrize(
    "body", [b"", b"no json", b"[]", b"5", b'{"resourceSpans": ', b"[" * 100_000, b"\xff\xfe"]
)
def test_what_is_no_json_object_is_refused(body):
    with pytest.raises(Malformed):
        decode(body, JSON, TRACES)


def broken_request():
    """Three spans, the one in the middle with a name that is no UTF-8."""
    good, bad, other = span(name="good"), span(name="bad-name"), span(name="other")
    request = traces(good, bad, other).SerializeToString()
    return request.replace(b"bad-name", b"bad\xff\xfe\xfdme")


def test_only_the_offending_item_of_a_binary_request_is_lost():
    request = broken_request()
    with pytest.raises(Exception, match="pars"):
        ExportTraceServiceRequest.FromString(request)
    result = decode(request, PROTOBUF, TRACES)
    assert [record.name for record in result.batch.spans] == ["good", "other"]
    assert {record.service for record in result.batch.spans} == {"orders"}
    assert (result.rejected, losses(result)) == (1, {"not-decodable": 1})


def field(number, content):
    """A length-delimited field of protobuf."""
    assert len(content) < 128**2
    length = bytes([len(content) & 0x7F | 0x80, len(content) >> 7])
    return bytes([number << 3 | 2]) + length + content


def test_nesting_that_the_parser_gives_up_on_costs_its_span_only():
    deep = b""
    for _ in range(60):  # two messages each, and the parser's limit is 100
        deep = field(5, field(1, deep))  # AnyValue.array_value, ArrayValue.values
    attribute = field(9, field(1, b"deep") + field(2, deep))
    bad = field(2, span().SerializeToString() + attribute)
    good = field(2, span().SerializeToString())
    request = field(1, field(1, resource().SerializeToString()) + field(2, bad + good))
    result = decode(request, PROTOBUF, TRACES)
    assert [record.service for record in result.batch.spans] == ["orders"]
    assert losses(result) == {"not-decodable": 1}


def test_a_resource_that_cannot_be_read_costs_no_span():
    group = ResourceSpans(
        resource=resource("service-name"), scope_spans=[ScopeSpans(spans=[span()])]
    )
    request = ExportTraceServiceRequest(resource_spans=[group]).SerializeToString()
    result = decode(request.replace(b"service-name", b"\xffervice-nam\xff"), PROTOBUF, TRACES)
    assert result.batch.spans[0].service == "unknown_service"
    assert losses(result) == {"resource-not-decodable": 1}


@pytest.mark.parametrize("body", [b"hello world", b"\x0a\xff", b"\x0a\x05abc", b"\x08", b"\x0b"])
def test_what_is_no_protobuf_is_refused(body):
    with pytest.raises(Malformed):
        decode(body, PROTOBUF, TRACES)


def test_a_large_request_without_meaning_is_given_up(monkeypatch):
    with pytest.raises(Malformed, match="more than 200,000 items"):
        decode(bytes(16 * 1024 * 1024), PROTOBUF, TRACES)
    monkeypatch.setattr("ramet.tools.dashboard.otlp.wire.FIELDS", 1_000)
    broken = field(1, field(2, b"\x12\x00" * 2_000)) + b"\xff"
    with pytest.raises(Malformed, match="more than 1,000 items"):
        decode(broken, PROTOBUF, TRACES)


def test_json_with_millions_of_items_is_given_up():
    document = {"resourceSpans": [{"scopeSpans": [{"spans": [{}] * 100_001}]}]}
    with pytest.raises(Malformed, match="more than 100,000 items"):
        decode(as_json(document), JSON, TRACES)


def test_a_large_request_is_taken_apart_and_kept():
    sent = [span({f"text-{n}": "x" * 8_000 for n in range(7)}) for _ in range(100)]
    request = traces(*sent)
    assert request.ByteSize() > 4 * 1024 * 1024
    result = decode(request.SerializeToString(), PROTOBUF, TRACES)
    assert [record.span_id for record in result.batch.spans] == [each.span_id for each in sent]
    assert (result.rejected, result.message) == (0, "")


@given(body=st.binary(max_size=300), signal=st.sampled_from(SIGNALS))
@settings(max_examples=100, deadline=None)
def test_any_bytes_are_decoded_or_refused(body, signal):
    try:
        result = decode(body, PROTOBUF, signal)
    except Malformed:
        return
    assert result.rejected >= 0


@given(
    cuts=st.lists(st.tuples(st.integers(0, 500), st.binary(max_size=3)), max_size=4),
    content_type=st.sampled_from([PROTOBUF, JSON]),
)
@settings(max_examples=100, deadline=None)
def test_a_damaged_request_never_gives_a_row_that_the_store_cannot_keep(cuts, content_type):
    body = bytearray(broken_request() if content_type == PROTOBUF else as_json(EXAMPLE))
    for at, replacement in cuts:
        body[at : at + len(replacement)] = replacement
    try:
        result = decode(bytes(body), content_type, TRACES)
    except Malformed:
        return
    for record in result.batch.spans:
        assert (len(record.trace_id), len(record.span_id)) == (16, 8)
        assert 0 < record.start < 2**63
        assert 0 <= record.duration < 2**63
        record.name.encode()
        json.loads(record.attributes)


NAMES = ("resourceSpans", "resource", "scopeSpans", "spans", "traceId", "attributes", "key")
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from([*NAMES, "value", "arrayValue", "links"]), inner)
    ),
    max_leaves=20,
)


@given(document=json_values)
@settings(max_examples=100, deadline=None)
def test_any_json_is_decoded_or_refused(document):
    try:
        decode(as_json(document), JSON, TRACES)
    except Malformed:
        return


def test_gzip_is_unpacked_whatever_its_members():
    assert Body(gzip.compress(b"one") + gzip.compress(b"two"), gzip=True).unpacked() == b"onetwo"
    assert Body(b"plain", gzip=False).unpacked() == b"plain"


@pytest.mark.parametrize(
    ("raw", "status"),
    [
        (b"not gzip", 400),
        (gzip.compress(b"x" * 1_000)[:-9], 400),
        (gzip.compress(bytes(17 * 1024 * 1024)), 413),
        (gzip.compress(bytes(9 * 1024 * 1024)) * 2, 413),
    ],
)
def test_gzip_that_is_broken_or_grows_too_much_is_refused(raw, status):
    with pytest.raises(Refused) as refused:
        Body(raw, gzip=True).unpacked()
    assert refused.value.status == status
