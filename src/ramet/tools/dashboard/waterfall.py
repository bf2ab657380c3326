"""A trace as the lines of its page: where each bar begins and ends, and what took the time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ramet.tools.dashboard.store import LogRow, Trace, TraceSpan

__all__ = ["Line", "Reason", "Waterfall", "waterfall"]

_WIDTH = 1000.0
_THINNEST = 2.0
_DEEPEST = 24
_REASONS = 6


@dataclass(frozen=True, slots=True)
class Bar:
    """From where to where on a scale of 0 to 1000."""

    x: float
    width: float


@dataclass(frozen=True, slots=True)
class Line:
    """One line: a span with its bar, or a log within it (then `log` is given, `bar` its moment)."""

    span: TraceSpan
    depth: int
    bar: Bar
    critical: tuple[Bar, ...] = ()
    children: int = 0
    log: LogRow | None = None
    offset: int = 0

    @property
    def words(self) -> str:
        """What the filter of the page looks through, in small letters."""
        span = self.span
        parts = [span.service, span.operation, span.message or "", span.place or ""]
        parts += [str(value) for value in span.attributes.values()]
        parts += [self.log.text] if self.log else [log.text for log in span.logs]
        return " ".join(parts).lower()[:2000]


@dataclass(frozen=True, slots=True)
class Reason:
    """Time that the root waited for one span's own work; `part` is of the root's duration."""

    span: TraceSpan
    duration: int
    part: float


@dataclass(frozen=True, slots=True)
class Waterfall:
    """`begin` and `length` are what the bars are measured on; `ticks` are five moments of it."""

    lines: tuple[Line, ...]
    begin: int
    length: int
    answer: int
    reasons: tuple[Reason, ...]

    @property
    def ticks(self) -> list[int]:
        """Durations from the beginning, for the axis."""
        return [self.length * number // 4 for number in range(5)]


def waterfall(trace: Trace, *, only_answer: bool = False) -> Waterfall:
    """`only_answer` measures on the root span alone: what comes after it is cut off."""
    root = trace.spans[0]
    begin, length = (root.start, root.duration) if only_answer else (trace.start, trace.duration)
    length = max(length, 1)

    def bar(start: int, end: int) -> Bar:
        x = min(max((start - begin) / length, 0.0), 1.0) * _WIDTH
        until = min(max((end - begin) / length, 0.0), 1.0) * _WIDTH
        width = max(until - x, _THINNEST)
        return Bar(round(min(x, _WIDTH - width), 1), round(width, 1))

    counts = _children(trace.spans)
    lines: list[Line] = []
    for span in trace.spans:
        depth = min(span.depth, _DEEPEST)
        lines.append(
            Line(
                span=span,
                depth=depth,
                bar=bar(span.start, span.start + span.duration),
                critical=tuple(bar(part.start, part.end) for part in span.critical),
                children=counts.get(span.span_id, 0) + len(span.logs),
                offset=span.start - trace.start,
            )
        )
        lines += [
            Line(
                span,
                min(depth + 1, _DEEPEST),
                bar(log.time, log.time),
                log=log,
                offset=log.time - trace.start,
            )
            for log in span.logs
        ]
    return Waterfall(tuple(lines), begin, length, root.duration, _reasons(trace, root))


def _children(spans: Sequence[TraceSpan]) -> dict[str, int]:
    counts: dict[str, int] = {}
    for span in spans:
        if span.parent_id is not None:
            counts[span.parent_id] = counts.get(span.parent_id, 0) + 1
    return counts


def _reasons(trace: Trace, root: TraceSpan) -> tuple[Reason, ...]:
    """The spans in which the critical path spent the most time, the longest first."""
    spent: dict[str, int] = {}
    for segment in trace.critical_path:
        spent[segment.span_id] = spent.get(segment.span_id, 0) + segment.end - segment.start
    spans = {span.span_id: span for span in trace.spans}
    longest = sorted(spent.items(), key=lambda item: -item[1])[:_REASONS]
    return tuple(
        Reason(spans[span_id], taken, taken / max(root.duration, 1))
        for span_id, taken in longest
        if span_id in spans and taken > 0
    )
