"""Where in a stream a reader stands, as text: `<which stream>/<place>`.

A place alone would be a trap: the same number means something else in a stream that was made anew
after the broker lost its disk, and in the stream of another broker.
"""

from __future__ import annotations

import structlog

log = structlog.get_logger("ramet.events")


def position_of(stream: str, place: str | int) -> str:
    """The position of `place`; `stream` is an identity that dies with the stream."""
    return f"{stream}/{place}"


def place_in(stream: str, position: str) -> str:
    """The place that a position names; empty, for the beginning, when it is of another stream.

    What is then delivered again, the inbox drops.
    """
    if not position:
        return ""
    of, _, place = position.rpartition("/")
    if of == stream:
        return place
    log.warning("events.stream_is_another", remedy="reading it from its beginning")
    return ""
