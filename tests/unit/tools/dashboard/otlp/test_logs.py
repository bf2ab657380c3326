"""Log records of OTLP as rows."""

import json
import time

import pytest
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord

from ramet.tools.dashboard.otlp.decoding import PROTOBUF, decode
from ramet.tools.dashboard.otlp.signals import LOGS
from tests.unit.tools.dashboard.otlp.requests import logs, pairs, value


def decoded(**given):
    record = LogRecord(**{"body": value("hello")} | given)
    return decode(logs(record, LogRecord(body=value("ok"))).SerializeToString(), PROTOBUF, LOGS)


def losses(result):
    return {reason: count for (_, reason), count in result.batch.losses.items()}


def test_a_record_is_decoded_whole():
    result = decoded(
        time_unix_nano=5,
        observed_time_unix_nano=9,
        severity_number=17,
        trace_id=b"t" * 16,
        span_id=b"s" * 8,
        attributes=pairs({"order": "a-1"}),
    )
    record = result.batch.logs[0]
    assert (record.time, record.service, record.severity, record.body) == (5, "orders", 17, "hello")
    assert (record.trace_id, record.span_id) == (b"t" * 16, b"s" * 8)
    assert json.loads(record.attributes) == {"order": "a-1"}
    assert (result.rejected, result.message) == (0, "")


def test_a_record_without_a_time_has_that_of_its_observation_or_now():
    assert decoded(observed_time_unix_nano=9).batch.logs[0].time == 9
    before = time.time_ns()
    assert before <= decoded().batch.logs[0].time <= time.time_ns()


def test_ids_of_zeros_say_that_there_is_no_trace():
    record = decoded(trace_id=bytes(16), span_id=bytes(8)).batch.logs[0]
    assert (record.trace_id, record.span_id) == (None, None)


@pytest.mark.parametrize(
    ("given", "text"),
    [
        ({"body": value({"event": "placed", "n": 1})}, '{"event":"placed","n":1}'),
        ({"body": value(7)}, "7"),
        ({"body": None, "event_name": "placed"}, "placed"),
        ({"body": None}, ""),
    ],
)
def test_a_body_that_is_no_text_is_shown_as_json(given, text):
    assert decoded(**given).batch.logs[0].body == text


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ({"trace_id": b"short"}, "wrong-id-length"),
        ({"span_id": b"short"}, "wrong-id-length"),
        ({"time_unix_nano": 2**64 - 1}, "from-the-future"),
    ],
)
def test_only_the_offending_record_is_lost(given, reason):
    result = decoded(**given)
    assert [record.body for record in result.batch.logs] == ["ok"]
    assert (result.rejected, losses(result)) == (1, {reason: 1})


def test_a_line_of_ten_megabytes_is_cut_and_told():
    result = decoded(body=value("x" * 10_000_000))
    long, other = result.batch.logs
    assert len(long.body) < 33_000
    assert long.body.endswith("… (9967232 more characters)")
    assert other.body == "ok"
    assert (result.rejected, losses(result)) == (0, {"text-cut": 1})
    assert result.message == "1 text-cut"
