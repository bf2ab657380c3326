"""Traces as lines and bars."""

import pytest

from ramet.tools.dashboard.store import LogRow, Segment, Trace, TraceSpan
from ramet.tools.dashboard.waterfall import waterfall

MS = 1_000_000


def span(span_id, start, duration, *, parent=None, depth=0, critical=(), logs=()):
    return TraceSpan(
        span_id=span_id,
        parent_id=parent,
        service="orders",
        operation=f"do {span_id}",
        kind="server",
        work="own",
        start=start * MS,
        duration=duration * MS,
        status="unset",
        message=None,
        place=None,
        attributes={"app.order_id": "94B8"},
        events=(),
        links=(),
        logs=logs,
        resource={},
        depth=depth,
        self_time=0,
        critical=critical,
        asynchronous=False,
        parent_missing=False,
        shift=0,
    )


def log(at, text):
    return LogRow(1, at * MS, "orders", "info", text, None, None, {}, {})


def trace(*spans, critical=(), duration=100):
    return Trace("0" * 32, "orders", "do a", 0, duration * MS, spans, (), critical, (), (), 0, 0, 0)


def test_bars_are_on_one_scale():
    found = waterfall(trace(span("a", 0, 50), span("b", 25, 75, parent="a", depth=1)))
    assert [(line.bar.x, line.bar.width) for line in found.lines] == [(0, 500), (250, 750)]
    assert found.ticks == [0, 25 * MS, 50 * MS, 75 * MS, 100 * MS]


def test_measured_on_the_answer_what_comes_after_it_stays_inside():
    spans = span("a", 0, 50), span("b", 60, 40, parent="a", depth=1)
    found = waterfall(trace(*spans), only_answer=True)
    assert (found.lines[0].bar.x, found.lines[0].bar.width) == (0, 1000)
    after = found.lines[1].bar
    assert after.x + after.width == 1000


@pytest.mark.parametrize(("start", "duration"), [(0, 0), (100, 0), (-50, 10), (500, 10)])
def test_every_bar_can_be_seen_and_none_leaves_its_place(start, duration):
    bar = waterfall(trace(span("a", 0, 100), span("b", start, duration, depth=1))).lines[1].bar
    assert bar.width > 0
    assert bar.x >= 0
    assert bar.x + bar.width <= 1000


def test_logs_follow_their_span_one_step_deeper():
    spans = span("a", 0, 100, logs=(log(5, "taken"), log(7, "sent"))), span("b", 10, 5, depth=1)
    lines = waterfall(trace(*spans)).lines
    assert [line.log.text if line.log else line.span.span_id for line in lines] == [
        "a",
        "taken",
        "sent",
        "b",
    ]
    assert lines[1].depth == 1
    assert lines[1].offset == 5 * MS
    assert lines[0].children == 2


def test_the_longest_waits_come_first_with_their_part_of_the_answer():
    critical = (
        Segment("a", 0, 10 * MS),
        Segment("b", 10 * MS, 80 * MS),
        Segment("a", 80 * MS, 100 * MS),
    )
    found = waterfall(
        trace(span("a", 0, 100), span("b", 10, 70, parent="a", depth=1), critical=critical)
    )
    assert [(reason.span.span_id, reason.duration, reason.part) for reason in found.reasons] == [
        ("b", 70 * MS, 0.7),
        ("a", 30 * MS, 0.3),
    ]


def test_the_filter_looks_through_names_attributes_and_logs_in_small_letters():
    words = waterfall(trace(span("a", 0, 1, logs=(log(0, "Order TAKEN"),)))).lines[0].words
    for word in ("do a", "94b8", "order taken", "orders"):
        assert word in words


def test_no_depth_pushes_the_names_out_of_sight():
    assert waterfall(trace(span("a", 0, 1), span("b", 0, 1, depth=300))).lines[1].depth == 24
