"""Sizes, times, rates and shares as `ramet.toml` writes them, read into numbers.

Each takes a text that has matched its key's pattern already.
"""

from dataclasses import dataclass

__all__ = ["Rate", "duration", "percent", "rate", "seconds", "size"]

_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_PERIODS = {"second": 1, "minute": 60, "hour": 3600}
_BYTES = {"KiB": 1024, "MiB": 1024 * 1024}


@dataclass(frozen=True, slots=True)
class Rate:
    """So many requests within so many seconds."""

    requests: int
    seconds: int


def rate(text: str) -> Rate:
    """ "600/minute" is Rate(600, 60)."""
    requests, _, period = text.partition("/")
    return Rate(int(requests), _PERIODS[period])


def seconds(text: str) -> int:
    """ "2m" is 120."""
    return int(text[:-1]) * _SECONDS[text[-1]]


def duration(text: str) -> float:
    """ "500ms" is 0.5 seconds."""
    if text.endswith("ms"):
        return int(text[:-2]) / 1000
    return float(seconds(text))


def size(text: str) -> int:
    """ "25MiB" in bytes."""
    return int(text[:-3]) * _BYTES[text[-3:]]


def percent(text: str) -> int:
    """ "10%" is 10."""
    return int(text[:-1])
