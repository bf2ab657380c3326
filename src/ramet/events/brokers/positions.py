"""Where in a stream a reader stands, as text: `<which stream>/<place>`.

A place alone would be a trap: the same number means something else in a stream that was made anew
after the broker lost its disk, and in the stream of another broker. In a stream that was restored
from a copy, which is still the same one, numbers of the lost end are given to new events: adapters
that count add the id of the event, `<which stream>/<place>/<id>`, and compare it.
"""

from __future__ import annotations

import structlog

log = structlog.get_logger("ramet.events")


def position_of(stream: str, place: str | int, event: str = "") -> str:
    """The position of `place`; `stream` is an identity that dies with the stream."""
    return f"{stream}/{place}/{event}" if event else f"{stream}/{place}"


def place_in(stream: str, position: str) -> str:
    """The place that a position names; empty, for the beginning, when it is of another stream.

    What is then delivered again, the inbox drops.
    """
    if not position:
        return ""
    if position.startswith(f"{stream}/"):
        return position.removeprefix(f"{stream}/")
    log.warning("events.stream_is_another", remedy="reading it from its beginning")
    return ""


def number_in(stream: str, position: str) -> tuple[int, str]:
    """The number that a position names, 0 for the beginning, and the id of the event there.

    The id is empty where the position has none: those of older code, and those that the broker
    remembers.
    """
    number, _, event = place_in(stream, position).partition("/")
    return int(number or 0), event


def note_lost_end() -> None:
    """Say in the log that a stream no longer has what a reader has had from it.

    It is then read from its beginning: new events may have numbers that the reader has passed.
    """
    log.warning("events.stream_lost_its_end", remedy="reading it from its beginning")
