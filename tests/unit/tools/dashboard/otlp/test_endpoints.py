"""OTLP over HTTP, from clients that know nothing of us."""

import gzip
import json
import logging
import re
import shutil
import subprocess
import time
from pathlib import Path

import pytest
import requests
from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceResponse
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor

from ramet.tools.dashboard.otlp import bodies
from ramet.tools.dashboard.store import Full
from tests.unit.tools.dashboard.otlp.requests import span, traces

ROOT = Path(__file__).resolve().parents[5]
BINARY = {"Content-Type": "application/x-protobuf"}
TEXT = {"Content-Type": "application/json"}


def losses(store):
    return {(loss.signal, loss.reason): loss.count for loss in store.kept().losses}


def test_the_sdk_of_opentelemetry_shows_up(collector, store):
    resource = Resource.create({"service.name": "checkout"})
    provider = TracerProvider(resource=resource)
    exporter = OTLPSpanExporter(endpoint=f"{collector}/v1/traces")
    provider.add_span_processor(BatchSpanProcessor(exporter))
    tracer = provider.get_tracer("test")
    with tracer.start_as_current_span("outer"), tracer.start_as_current_span("inner") as inner:
        inner.set_attribute("app.order_id", "a-1")
        inner.record_exception(ValueError("no"))
    provider.shutdown()
    reader = PeriodicExportingMetricReader(OTLPMetricExporter(endpoint=f"{collector}/v1/metrics"))
    metrics = MeterProvider(resource=resource, metric_readers=[reader])
    metrics.get_meter("test").create_counter("orders.placed").add(3, {"country": "FI"})
    metrics.get_meter("test").create_histogram("orders.value").record(20)
    metrics.shutdown()
    assert store.flush()
    (row,) = store.traces()
    assert (row.service, row.operation, row.spans) == ("checkout", "outer", 2)
    inner = store.trace(row.trace_id).spans[1]
    assert inner.attributes == {"app.order_id": "a-1"}
    assert inner.events[0].name == "exception"
    assert inner.resource["telemetry.sdk.language"] == "python"
    assert [metric.name for metric in store.metrics()] == ["orders.placed", "orders.value"]


@pytest.mark.skipif(not shutil.which("curl"), reason="no curl here")
def test_plain_curl_shows_up(collector, store):
    document = {
        "resourceLogs": [
            {
                "resource": {
                    "attributes": [{"key": "service.name", "value": {"stringValue": "backup"}}]
                },
                "scopeLogs": [
                    {"logRecords": [{"severityNumber": 13, "body": {"stringValue": "late"}}]}
                ],
            }
        ]
    }
    header, body = "Content-Type: application/json", json.dumps(document)
    done = subprocess.run(
        ["curl", "-sS", f"{collector}/v1/logs", "-H", header, "-d", body],
        capture_output=True,
        text=True,
        timeout=20,
    )
    assert (done.stdout, done.stderr) == ("{}", "")
    assert store.flush()
    (row,) = store.logs()
    assert (row.service, row.level, row.text) == ("backup", "warning", "late")


@pytest.mark.skipif(not shutil.which("curl"), reason="no curl here")
def test_the_example_of_the_documentation_shows_up(collector, store):
    page = (ROOT / "docs" / "reference" / "dashboard-storage.md").read_text()
    (script,) = re.findall(r"```sh\n(.*?)```", page, re.DOTALL)
    script = script.replace("http://localhost:8001", collector)
    done = subprocess.run(["sh", "-c", script], capture_output=True, text=True, timeout=20)
    assert (done.stdout, done.stderr) == ("{}", "")
    assert store.flush()
    (row,) = store.traces()
    assert (row.service, row.operation) == ("nightly-backup", "back up orders")
    assert row.duration == 250_000_000
    assert store.trace(row.trace_id).spans[0].attributes == {"app.rows": 1200}


def test_a_partial_success_says_what_was_rejected_and_why(collector, store):
    body = traces(span(), span(trace_id=bytes(16))).SerializeToString()
    answer = requests.post(
        f"{collector}/v1/traces",
        gzip.compress(body),
        headers=BINARY | {"Content-Encoding": "gzip"},
        timeout=10,
    )
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/x-protobuf"
    partial = ExportTraceServiceResponse.FromString(answer.content).partial_success
    assert (partial.rejected_spans, partial.error_message) == (1, "1 zero-id")
    assert store.flush()
    assert store.kept().spans == 1
    assert losses(store) == {("traces", "zero-id"): 1}
    document = {"resourceSpans": [{"scopeSpans": [{"spans": [{"traceId": "ab"}]}]}]}
    answer = requests.post(f"{collector}/v1/traces", json=document, timeout=10)
    assert answer.json() == {
        "partialSuccess": {"rejectedSpans": "1", "errorMessage": "1 wrong-id-length"}
    }


@pytest.mark.parametrize(
    ("headers", "body", "status", "reason"),
    [
        (BINARY, b"nonsense", 400, "malformed-request"),
        (TEXT, b"nonsense", 400, "malformed-request"),
        (BINARY | {"Content-Encoding": "gzip"}, b"nonsense", 400, "malformed-request"),
        (BINARY | {"Content-Encoding": "gzip"}, gzip.compress(b"") * 65, 400, "malformed-request"),
        (BINARY | {"Content-Encoding": "br"}, b"", 415, None),
        ({"Content-Type": "text/plain"}, b"", 415, None),
        ({}, b"", 415, None),
        (BINARY | {"Origin": "https://evil.example"}, b"", 403, None),
        (BINARY | {"Origin": "null"}, b"", 403, None),
    ],
)
def test_what_is_not_otlp_is_refused_with_a_status(collector, store, headers, body, status, reason):
    answer = requests.post(f"{collector}/v1/traces", body, headers=headers, timeout=10)
    assert answer.status_code == status
    assert answer.content
    assert losses(store) == ({("traces", reason): 1} if reason else {})


def test_gzip_may_come_in_several_members(collector, store):
    parts = [gzip.compress(traces(span()).SerializeToString()) for _ in range(bodies.MEMBERS)]
    answer = requests.post(
        f"{collector}/v1/traces",
        b"".join(parts),
        headers=BINARY | {"Content-Encoding": "gzip"},
        timeout=10,
    )
    assert answer.status_code == 200
    assert store.flush()
    assert store.kept().spans >= 1


def test_the_status_is_in_the_encoding_of_the_request(collector):
    answer = requests.post(f"{collector}/v1/logs", b"nonsense", headers=TEXT, timeout=10)
    assert answer.json()["code"] == 3
    assert answer.json()["message"].startswith("not JSON")
    answer = requests.post(f"{collector}/v1/logs", b"\x0a\xff", headers=BINARY, timeout=10)
    text = b"a message ends within a number"
    assert answer.content == b"\x08\x03\x12" + bytes([len(text)]) + text


def test_only_post_is_answered(collector):
    assert requests.get(f"{collector}/v1/traces", timeout=10).status_code == 405


def test_a_request_that_is_too_large_is_refused_before_it_is_read(collector, store, monkeypatch):
    monkeypatch.setattr(bodies, "LARGEST", 1_000)
    for packed in (bytes(1_001), gzip.compress(bytes(1_001))):
        encoding = {} if len(packed) > 1_000 else {"Content-Encoding": "gzip"}
        answer = requests.post(
            f"{collector}/v1/traces", packed, headers=BINARY | encoding, timeout=10
        )
        assert answer.status_code == 413
    assert losses(store) == {("traces", "too-large"): 2}


def test_a_full_queue_says_when_to_come_again(collector, store, monkeypatch):
    def full(batch):
        raise Full(3)

    monkeypatch.setattr(store, "add", full)
    body = traces(span()).SerializeToString()
    answer = requests.post(f"{collector}/v1/traces", body, headers=BINARY, timeout=10)
    assert (answer.status_code, answer.headers["retry-after"]) == (429, "3")
    assert losses(store) == {("traces", "queue-full"): 1}


def test_the_sdk_sends_again_what_was_refused_for_now(collector, store, monkeypatch, caplog):
    add, refused = store.add, []

    def busy_once(batch):
        if not refused:
            refused.append(batch)
            raise Full
        add(batch)

    monkeypatch.setattr(store, "add", busy_once)
    provider = TracerProvider()
    provider.add_span_processor(
        BatchSpanProcessor(OTLPSpanExporter(endpoint=f"{collector}/v1/traces"))
    )
    with caplog.at_level(logging.WARNING):
        provider.get_tracer("test").start_span("patient").end()
        assert provider.force_flush()
    provider.shutdown()
    assert store.flush()
    assert [row.operation for row in store.traces()] == ["patient"]


def test_too_much_at_once_is_refused_for_now(collector, store, monkeypatch):
    monkeypatch.setattr(bodies, "TOGETHER", 500)
    answer = requests.post(f"{collector}/v1/traces", bytes(501), headers=BINARY, timeout=10)
    assert (answer.status_code, answer.headers["retry-after"]) == (429, "1")
    # What was read is no longer counted.
    body = traces(span()).SerializeToString()
    assert requests.post(f"{collector}/v1/traces", body, headers=BINARY, timeout=10).ok


def test_a_sender_that_never_ends_is_cut_off(collector, monkeypatch):
    monkeypatch.setattr(bodies, "SECONDS", 0.1)

    def slowly():
        yield b"\x0a"
        time.sleep(1)
        yield b"\x00"

    answer = requests.post(f"{collector}/v1/traces", slowly(), headers=BINARY, timeout=10)
    assert answer.status_code == 408
