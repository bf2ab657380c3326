"""The form of the page of traces to a search of the store, and what is wrong with it."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass

from ramet.tools.dashboard.store import TraceSearch

__all__ = ["ID", "Asked", "asked", "nanoseconds"]

ID = re.compile(r"[0-9a-f]{32}", re.IGNORECASE)
_DURATION = re.compile(r"(\d+(?:\.\d+)?|\.\d+)\s*(ns|us|µs|ms|s|m|min|h)?")
_UNITS = {"ns": 1, "us": 10**3, "µs": 10**3, "ms": 10**6, "s": 10**9}
_UNITS |= {"m": 60 * 10**9, "h": 3600 * 10**9}
_LONGEST = 10**18


@dataclass(frozen=True, slots=True)
class Asked:
    """`mistakes` are sentences by field; a field that has one does not restrict the search."""

    search: TraceSearch
    mistakes: Mapping[str, str]


def asked(fields: Mapping[str, str], *, since: int | None, limit: int) -> Asked:
    """What the fields `service`, `operation`, `status`, `min`, `max`, `user`, `attributes` and
    `before` ask for."""
    mistakes: dict[str, str] = {}
    given = {name: text.strip() for name, text in fields.items() if text.strip()}
    status = given.get("status")
    return Asked(
        TraceSearch(
            service=given.get("service"),
            operation=given.get("operation"),
            status=status if status in {"ok", "error"} else None,
            min_duration=_duration("min", given, mistakes),
            max_duration=_duration("max", given, mistakes),
            user=given.get("user"),
            attributes=_attributes(given, mistakes),
            since=since,
            limit=limit,
            before=given.get("before"),
        ),
        mistakes,
    )


def nanoseconds(text: str) -> int | None:
    """ "250ms", "1.5 s", "2min"; milliseconds without a unit. None for anything else."""
    found = _DURATION.fullmatch(text.strip().lower())
    if found is None:
        return None
    unit = (found[2] or "ms").replace("min", "m")
    return min(round(float(found[1]) * _UNITS[unit]), _LONGEST)


def _duration(name: str, given: Mapping[str, str], mistakes: dict[str, str]) -> int | None:
    if name not in given:
        return None
    found = nanoseconds(given[name])
    if found is None:
        mistakes[name] = "Write a number and a unit, such as 250ms or 1.5s."
    return found


def _attributes(given: Mapping[str, str], mistakes: dict[str, str]) -> tuple[tuple[str, str], ...]:
    try:
        words = shlex.split(given.get("attributes", ""))
    except ValueError:  # an open quotation mark
        words = given["attributes"].split()
    pairs = [word.partition("=") for word in words]
    if any(not name or not equals for name, equals, _ in pairs):
        mistakes["attributes"] = "Write name=value, such as app.order_id=94b8f1c2."
    return tuple((name, value) for name, equals, value in pairs if name and equals)
