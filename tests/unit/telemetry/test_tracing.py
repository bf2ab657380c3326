"""Which spans are kept, what they say, and that everybody's join one trace.

Read with OpenTelemetry's own messages, written by hand.
"""

import asyncio
import inspect
import os
import threading
import weakref
from collections.abc import Callable
from typing import Any

import pytest
from opentelemetry import trace
from opentelemetry.trace import SpanKind, Status, StatusCode

from ramet.telemetry import buffering, encoding, exporting, ids, spans, tracing
from ramet.telemetry.propagation import headers, parent_in
from ramet.telemetry.spans import Parent, Shape
from tests.unit.conftest import Trace

OUTER = Shape("outer", SpanKind.SERVER, {"http.route": "/x/{id}/"})
INNER = Shape("inner", SpanKind.CLIENT)


def test_spans_arrive_as_they_were_made(traced: Trace) -> None:
    kept = traced(service="library")
    with tracing.work(OUTER, {"url.path": "/x/1/", "n": 3, "half": 0.5, "yes": True}) as outer:
        outer.set_attribute("many", ["a", 1, None])
        outer.set_attribute("negative", -1)
        outer.set_attribute("huge", 2**70)
        outer.set_attribute("absent", None)
        outer.add_event("cache.missed", {"key": "é"})
        with tracing.work(INNER):
            pass
    first, second = kept()
    assert (first.name, first.kind) == ("outer", 2)
    assert first.attributes == {
        "http.route": "/x/{id}/",
        "url.path": "/x/1/",
        "n": 3,
        "half": 0.5,
        "yes": True,
        "many": ["a", 1, None],
        "negative": -1,
        "huge": str(2**70),
    }
    assert first.events == [("cache.missed", {"key": "é"})]
    assert first.resource["service.name"] == "library"
    assert (second.name, second.kind, second.attributes) == ("inner", 3, {})
    assert (second.trace_id, second.parent_id) == (first.trace_id, first.span_id)
    assert first.parent_id == ""
    assert first.start <= second.start <= second.end <= first.end
    assert not first.is_error


def test_an_exception_marks_the_spans_that_it_leaves(traced: Trace) -> None:
    kept = traced()
    with pytest.raises(ZeroDivisionError), tracing.work(OUTER), tracing.work(INNER):
        _ = 1 / 0
    for span in kept():
        assert span.is_error
        ((name, said),) = span.events
        assert name == "exception"
        assert said["exception.type"] == "builtins.ZeroDivisionError"
        assert said["exception.message"] == "division by zero"
        assert "_ = 1 / 0" in said["exception.stacktrace"]


def test_an_answer_that_is_raised_is_no_fault(traced: Trace) -> None:
    class No(Exception):
        ramet_is_no_fault = True

    kept = traced()
    with pytest.raises(No), tracing.work(OUTER):
        raise No
    (span,) = kept()
    assert not span.is_error
    assert span.events == []


def test_what_is_not_sampled_is_kept_only_if_it_fails_or_is_slow(traced: Trace) -> None:
    kept = traced(sample=0, slow=3600)
    with tracing.work(OUTER), tracing.work(INNER):
        pass
    with tracing.work(OUTER) as outer, tracing.work(INNER):
        outer.fail("oops")
    assert [span.name for span in kept()] == ["outer", "inner"]
    traced(sample=0, slow=0)
    with tracing.work(Shape("slow one")):
        pass
    assert kept()[-1].name == "slow one"


def test_the_sampled_flag_of_what_comes_in_counts_whatever_the_share_is(traced: Trace) -> None:
    kept = traced(sample=0)
    trace_id, span_id = "a" * 32, "b" * 16
    with tracing.work(OUTER, parent=parent_in(f"00-{trace_id}-{span_id}-01", "vendor=1")):
        sent = headers()
    assert sent["traceparent"].startswith(f"00-{trace_id}-")
    assert sent["traceparent"].endswith("-01")
    assert sent["tracestate"] == "vendor=1"
    (span,) = kept()
    assert (span.trace_id, span.parent_id) == (trace_id, span_id)
    assert span.span_id == sent["traceparent"].split("-")[2]
    traced(sample=1)
    with tracing.work(OUTER, parent=parent_in(f"00-{trace_id}-{span_id}-00")):
        assert headers()["traceparent"].endswith("-00")
    assert len(kept()) == 1


def test_a_share_of_new_traces_is_sampled(traced: Trace) -> None:
    kept = traced(sample=0.25)
    for _ in range(2000):
        with tracing.work(OUTER):
            pass
    assert 400 < len(kept()) < 600


@pytest.mark.parametrize(
    "traceparent",
    [
        None,
        "",
        "00",
        f"00-{'0' * 32}-{'b' * 16}-01",
        f"00-{'a' * 32}-{'0' * 16}-01",
        f"00-{'A' * 32}-{'b' * 16}-01",
        f"00-{'a' * 31}-{'b' * 16}-01",
        f"00-{'a' * 33}-{'b' * 15}-01",
        f"00-{'a' * 28}  aa-{'b' * 16}-01",
        f"00-{'a' * 31}g-{'b' * 16}-01",
        f"00-{'a' * 31}\u0661-{'b' * 16}-01",
        f"00-{'a' * 32}-{'b' * 16}-0A",
        f"00-{'a' * 32}-{'b' * 14}-01-a",
        f"00 {'a' * 32}-{'b' * 16}-01",
        f"00-{'a' * 32}-{'b' * 16}-01-more",
        f"ff-{'a' * 32}-{'b' * 16}-01",
        f"00-{'a' * 32}-{'b' * 16}-1",
        "00-" + "a" * 100_000,
    ],
)
def test_a_malformed_traceparent_is_none(traceparent: str | None) -> None:
    assert parent_in(traceparent) is None


def test_a_later_version_of_traceparent_is_read_as_far_as_it_is_known() -> None:
    found = parent_in(f"01-{'a' * 32}-{'b' * 16}-03-what-is-new")
    assert found == Parent("aa" * 16, "bb" * 8, True)


def test_spans_of_opentelemetrys_api_join_the_trace(traced: Trace) -> None:
    kept = traced()
    tracer = trace.get_tracer("a.library")
    with tracing.work(OUTER), tracer.start_as_current_span("theirs", kind=SpanKind.CLIENT) as span:
        span.set_attributes({"a": 1})
        span.update_name("renamed")
        span.set_status(Status(StatusCode.ERROR, "why"))
        assert span.is_recording()
        with tracing.work(INNER):
            pass
    assert not span.is_recording()
    span.set_attribute("late", True)
    outer, theirs, inner = kept()
    assert theirs.name == "renamed"
    assert theirs.attributes == {"a": 1}
    assert theirs.is_error
    assert theirs.parent_id == outer.span_id
    assert inner.parent_id == theirs.span_id
    assert format(span.get_span_context().span_id, "016x") == theirs.span_id
    assert len({each.trace_id for each in (outer, theirs, inner)}) == 1


def test_a_span_is_one_of_opentelemetrys_api_in_all_its_methods(traced: Trace) -> None:
    kept = traced()
    ours: Any = trace.get_tracer("a.library").start_span("theirs")
    assert isinstance(ours, trace.Span)
    for name, method in inspect.getmembers(trace.Span, inspect.isfunction):
        own = inspect.signature(getattr(type(ours), name)).parameters
        theirs = inspect.signature(method).parameters
        if name not in {"__init__", "__exit__"}:
            assert list(own)[1 : len(theirs)] == list(theirs)[1:], name
    with ours as inside:
        assert inside is ours
        assert ours.is_recording()
        assert trace.get_current_span() is not ours
    assert not ours.is_recording()
    (span,) = kept()
    assert span.name == "theirs"
    assert weakref.ref(ours)() is ours  # as instrumentation libraries keep them


def test_a_fork_makes_other_ids_than_its_parent() -> None:
    first = ids.more()
    assert ids.READY
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.write(writer, str(len(ids.READY)).encode())
        os._exit(0)
    os.waitpid(child, 0)
    assert os.read(reader, 100) == b"0"
    os.close(reader)
    os.close(writer)
    made = [first, ids.more(), *ids.READY]
    assert len(set(made)) == len(made)
    assert {len(each) for each in made} == {16}


def test_a_link_leads_to_the_span_that_stored_the_work(traced: Trace) -> None:
    kept = traced()
    stored = Parent("01" * 16, "02" * 8, True)
    with tracing.work(OUTER, parent=stored, links=(stored.link(),)):
        pass
    (span,) = kept()
    assert span.links == [("01" * 16, "02" * 8)]
    assert span.parent_id == "02" * 8


def test_annotations_are_on_the_span_and_on_the_first_of_its_part(traced: Trace) -> None:
    kept = traced()
    with tracing.work(OUTER), tracing.work(INNER):
        tracing.annotate(order_id=7, path=pytest)
    outer, inner = kept()
    assert outer.attributes["app.order_id"] == inner.attributes["app.order_id"] == 7
    assert outer.attributes["app.path"] == str(pytest)


def test_work_that_a_thread_ends_later_is_kept_with_its_trace(traced: Trace) -> None:
    kept = traced()
    late: list[object] = []
    with tracing.work(OUTER):
        context = trace.set_span_in_context(trace.get_current_span())
        span = trace.get_tracer("x").start_span("late", context)
        thread = threading.Thread(target=lambda: late.append(span.end()))
    thread.start()
    thread.join()
    assert [each.name for each in kept()] == ["outer", "late"]


def test_a_loop_without_an_end_does_not_fill_the_memory(
    traced: Trace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(spans, "LARGEST_PART", 10)
    kept = traced(sample=0, slow=3600)

    def loop() -> None:
        with tracing.work(OUTER) as outer:
            for _ in range(25):
                with tracing.work(INNER):
                    pass
            outer.fail("the end")

    loop()
    assert len(kept()) == 11
    assert kept()[0].attributes["ramet.spans_left_out"] == 15
    traced(sample=1)
    loop()
    assert len(kept()) == 11 + 26


def test_what_waits_too_long_to_be_sent_is_dropped_and_counted(
    traced: Trace, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = traced()
    monkeypatch.setattr(buffering, "LARGEST_BUFFER", 0)
    with tracing.work(OUTER), tracing.work(INNER):
        pass
    assert kept() == []
    assert buffering.dropped() == 2


def test_a_loop_does_not_fill_a_span_nor_a_long_text_the_memory(traced: Trace) -> None:
    kept = traced()
    with tracing.work(OUTER, {"long": "x" * 1_000_000}) as outer:
        other = trace.get_current_span().get_span_context()
        for number in range(1000):
            outer.set_attribute(f"n{number}", number)
            trace.get_current_span().add_link(other)
        outer.set_attribute("n0", "set again")
    (span,) = kept()
    assert len(span.attributes) == 128 + len(OUTER.attributes)
    assert span.attributes["n0"] == "set again"
    assert len(span.links) == 128
    assert len(span.attributes["long"]) == 16_000


def test_a_payload_ends_where_it_is_large(monkeypatch: pytest.MonkeyPatch, traced: Trace) -> None:
    traced()
    monkeypatch.setattr(exporting, "LARGEST_PAYLOAD", 10_000)
    spans = [tracing.start(Shape("s"), {"long": "x" * 5_000}) for _ in range(5)]
    payloads = list(encoding.encode(spans, b"", with_service=False))  # type: ignore[arg-type]
    assert len(payloads) == 3
    assert max(map(len, payloads)) < 15_000


def test_only_short_values_are_remembered(traced: Trace) -> None:
    kept = traced()
    encoding._pair.cache_clear()
    with tracing.work(INNER, {"short": "x", "long": "x" * 10_000}):
        pass
    assert kept()
    assert encoding._pair.cache_info().currsize == 1


def test_each_call_of_a_decorated_function_is_a_span_until_it_is_done(traced: Trace) -> None:
    kept = traced()
    tracer = trace.get_tracer("theirs")

    @tracer.start_as_current_span("called")
    def called() -> None:
        tracer.start_span("in it").end()

    @tracer.start_as_current_span("awaited")
    async def awaited() -> None:
        await asyncio.sleep(0)
        tracer.start_span("in it").end()

    for _ in range(2):
        called()
        asyncio.run(awaited())
    rows = kept()
    outer = [row for row in rows if row.name != "in it"]
    inner = [row for row in rows if row.name == "in it"]
    assert [row.name for row in outer] == ["called", "awaited"] * 2
    assert [row.parent_id for row in inner] == [row.span_id for row in outer]


def test_a_span_that_cannot_be_told_takes_no_other_with_it(traced: Trace) -> None:
    kept = traced()
    endless: list[object] = []
    endless.append(endless)
    tracer = trace.get_tracer("theirs")
    with tracing.work(OUTER):
        tracer.start_span("half a nanosecond", start_time=0.5).end()  # type: ignore[arg-type]
        with tracing.work(INNER, {"endless": endless}):
            pass
    assert [span.name for span in kept()] == ["outer"]
    assert exporting.dropped() == {("traces", "not encodable"): 2}


def test_an_exception_that_has_no_text_stays_the_one_that_is_raised(traced: Trace) -> None:
    class Mute(Exception):
        def __str__(self) -> str:
            raise RuntimeError("no text")

    kept = traced()
    with pytest.raises(Mute), tracing.work(OUTER):
        raise Mute
    (span,) = kept()
    assert span.is_error
    assert span.events[0][1]["exception.type"].endswith("Mute")


@pytest.mark.parametrize(
    ("key", "value", "told"),
    [
        ("http.request.header.authorization", "Bearer abcabcabcabcabcabc", "[redacted]"),
        ("note", "write to alice@shop.example now", "write to [redacted] now"),
        ("url.path", "/users/alice%40shop.example/", "/users/[redacted]/"),
        ("note", "password=hunter22", "password=[redacted]"),
        ("notes", ["alice@shop.example"], ["[redacted]"]),
    ],
)
def test_no_secret_and_no_address_leaves_the_process(
    traced: Trace, key: str, value: object, told: object
) -> None:
    kept = traced()
    with tracing.work(OUTER, {key: value}) as span:
        span.add_event("seen", {key: value})
        span.fail(KeyError(str(value)))
    (row,) = kept()
    assert row.attributes[key] == told
    assert dict(row.events)["seen"] == {key: told}
    text = repr(row)
    for secret in ("abcabc", "alice", "hunter22"):
        assert secret not in text


def test_where_nothing_is_exported_there_is_no_span(settings: object) -> None:
    assert not tracing.is_on()
    with tracing.work(OUTER) as span:
        span.set_attribute("x", 1)
        assert not trace.get_current_span().get_span_context().is_valid
        assert headers() == {}
    assert not trace.get_tracer("x").start_span("theirs").is_recording()


SDK = """
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
kept = InMemorySpanExporter()
provider = TracerProvider()
provider.add_span_processor(SimpleSpanProcessor(kept))
trace.set_tracer_provider(provider)

from ramet.telemetry import tracing
from ramet.telemetry.spans import Parent, Shape
tracing.set_up(is_exported=False)
stored = Parent("01" * 16, "02" * 8, True)
try:
    with tracing.work(Shape("a", attributes={"x": 1}), {"y": 2}, parent=stored) as span:
        span.become(Shape("b"))
        with tracing.work(Shape("c")):
            assert tracing.current_parent().trace_id == "01" * 16
        raise KeyError("k")
except KeyError:
    pass
with tracing.work(Shape("d"), {"url.path": "/reset/MQ/d4k1xz-0a1b2c3d4e5f60718293a4b5c6d7e8f9/"}):
    pass
c, b, d = kept.get_finished_spans()
assert d.attributes["url.path"] == "/reset/MQ/[redacted]/"
assert (b.name, dict(b.attributes), b.status.is_ok) == ("b", {"x": 1, "y": 2}, False), b
assert b.parent.span_id == 0x0202020202020202
assert c.parent.span_id == b.context.span_id
"""


def test_a_project_with_an_sdk_of_its_own_gets_its_spans(run: Callable[[str], None]) -> None:
    run(SDK)


@pytest.fixture
def run() -> Callable[[str], None]:
    """Run a program in a process of its own: OpenTelemetry takes one provider a process."""
    import subprocess
    import sys

    def run(program: str) -> None:
        subprocess.run([sys.executable, "-c", program], check=True, timeout=60)

    return run
