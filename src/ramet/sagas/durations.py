"""Durations as people write them in code: `500ms`, `30s`, `2m`, `1h`, `3d`."""

import re

__all__ = ["seconds"]

_PATTERN = re.compile(r"(?P<number>\d+(?:\.\d+)?)\s*(?P<unit>ms|s|m|h|d)")
_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86_400.0}


def seconds(text: str) -> float:
    """The duration `text` in seconds; ValueError unless it is a positive number and a unit."""
    match = _PATTERN.fullmatch(text.strip())
    if match is None or not float(match["number"]):
        raise ValueError(f"{text!r} is not a duration such as 500ms, 30s, 2m, 1h or 3d")
    return float(match["number"]) * _UNITS[match["unit"]]
