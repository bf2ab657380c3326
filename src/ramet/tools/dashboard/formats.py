"""Figures as people read them. Times are nanoseconds since the epoch, durations nanoseconds."""

from __future__ import annotations

from datetime import UTC, datetime, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

__all__ = [
    "ago",
    "brief",
    "bytes_",
    "clock",
    "count",
    "duration",
    "hour",
    "percent",
    "rate",
    "utc",
    "zone",
]

_SECOND = 1_000_000_000
_SHORTEST_END = 12


def duration(nanoseconds: float | None) -> str:
    """Three digits and the fitting unit: "320 µs", "45.6 ms", "1.23 s", "2 min 5 s"."""
    if nanoseconds is None:
        return "\N{EN DASH}"
    if nanoseconds >= 60 * _SECOND:
        minutes, seconds = divmod(round(nanoseconds / _SECOND), 60)
        hours, minutes = divmod(minutes, 60)
        return f"{hours} h {minutes} min" if hours else f"{minutes} min {seconds} s"
    for size, unit in ((_SECOND, "s"), (1_000_000, "ms"), (1_000, "µs")):
        if nanoseconds >= size * 0.9995:
            return f"{_three_digits(nanoseconds / size)} {unit}"
    return f"{nanoseconds:.0f} ns"


def brief(nanoseconds: float) -> str:
    """Two digits, where there is little room: "1.9 s"."""
    for size, unit in ((60 * _SECOND, "min"), (_SECOND, "s"), (1_000_000, "ms"), (1_000, "µs")):
        if nanoseconds >= size * 0.995:
            return f"{_two_digits(nanoseconds / size)} {unit}"
    return f"{nanoseconds:.0f} ns"


def rate(per_second: float | None) -> str:
    """ "12/s", or "3.4/min" where a second is too short to see anything."""
    if not per_second:
        return "0/s"
    for seconds, unit in ((1, "s"), (60, "min")):
        if per_second * seconds >= 0.95:
            return f"{_two_digits(per_second * seconds)}/{unit}"
    return f"{_two_digits(per_second * 3600)}/h"


def percent(share: float | None) -> str:
    """ "0%", "0.3%", "12%" of a share between 0 and 1; what is not nothing is never "0%"."""
    if not share:
        return "0%"
    if share < 0.001:
        return "<0.1%"
    return f"{share:.1%}" if share < 0.0995 else f"{share:.0%}"


def count(number: float) -> str:
    """With thin separators: "52 310"."""
    return f"{number:,.0f}".replace(",", "\N{NARROW NO-BREAK SPACE}")


def fitting(name: str, longest: int) -> str:
    """Of a name of more letters than `longest` its end, which tells most where it is dotted:
    `\N{HORIZONTAL ELLIPSIS}products.ProductChanged.v1`."""
    if len(name) <= longest:
        return name
    while len(name) >= longest and "." in name[:-_SHORTEST_END]:
        name = name.partition(".")[2]
    return f"\N{HORIZONTAL ELLIPSIS}{name[-longest + 1 :]}"


def bytes_(number: float) -> str:
    """In decimal units: "24.1 MB"."""
    for size, unit in ((1e9, "GB"), (1e6, "MB"), (1e3, "kB")):
        if number >= size:
            return f"{_three_digits(number / size)} {unit}"
    return f"{number:.0f} B"


def ago(then: int | datetime | None, now: int) -> str:
    """How long ago, in the largest fitting unit: "12 s", "5 min", "3 h", "2 d"; "" for None."""
    if then is None:
        return ""
    if isinstance(then, datetime):
        then = int(then.timestamp() * _SECOND)
    seconds = max(0, (now - then) // _SECOND)
    for size, unit in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if seconds >= size:
            return f"{seconds // size} {unit}"
    return f"{seconds} s"


def zone(name: str) -> tzinfo:
    """The zone that a browser names ("Europe/Berlin"); UTC for what this machine does not know."""
    try:
        return ZoneInfo(name) if name else UTC
    except (ValueError, OSError, ZoneInfoNotFoundError):
        return UTC


def clock(nanoseconds: int, where: tzinfo, *, now: int | None = None) -> str:
    """Time of day with milliseconds, in the reader's zone; with the date where it is not today."""
    moment = _moment(nanoseconds, where)
    text = f"{moment:%H:%M:%S}.{nanoseconds // 1_000_000 % 1000:03}"
    if now is not None and moment.date() != _moment(now, where).date():
        return f"{moment:%Y-%m-%d} {text}"
    return text


def hour(nanoseconds: int, where: tzinfo) -> str:
    """Hour and minute in the reader's zone, for axes."""
    return f"{_moment(nanoseconds, where):%H:%M}"


def utc(nanoseconds: int) -> str:
    """RFC 3339 in UTC, with microseconds."""
    moment = _moment(nanoseconds, UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{nanoseconds // 1_000 % 1_000_000:06}Z"


def _moment(nanoseconds: int, where: tzinfo) -> datetime:
    # Spans may claim any time; what a calendar cannot hold is shown as its nearest end.
    seconds = min(max(nanoseconds // _SECOND, 0), 253_370_764_800)
    return datetime.fromtimestamp(seconds, where)


def _two_digits(number: float) -> str:
    return f"{number:,.0f}" if number >= 9.95 else f"{number:.1f}".removesuffix(".0")


def _three_digits(number: float) -> str:
    if number >= 99.95:
        return f"{number:.0f}"
    text = f"{number:.1f}" if number >= 9.995 else f"{number:.2f}"
    return text.rstrip("0").rstrip(".")
