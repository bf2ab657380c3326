"""Where telemetry goes and how much of it: from `ramet.toml` in a placed project, else one setting.

The standard's own variables (https://opentelemetry.io/docs/specs/otel/protocol/exporter/) say the
rest, so that a collector is described once for programs in every language.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from math import inf
from typing import Any

from django.conf import settings

from ramet.errors import DiagnosticError, Mistake
from ramet.placement import Here
from ramet.system import collectors

__all__ = ["Options", "options"]

SETTING = "RAMET_TELEMETRY"
_EXPECTED = {
    "url": 'the base URL of an OTLP collector, such as "http://127.0.0.1:4318"',
    "service": 'the name of this service, such as "shop"',
    "sample": "a number from 0 to 1",
    "slow": "seconds, 0 or more",
}


@dataclass(frozen=True, slots=True)
class Options:
    """`url` is the base of `/v1/traces` and its like; None: nothing is exported.

    `sample` is the share of new traces that is kept, from 0 to 1; `slow` the seconds from which on
    one is kept whatever the share says. `system` is None in a project without `ramet.toml`.
    """

    url: str | None = None
    headers: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    gzip: bool = False
    service: str = "django"
    system: str | None = None
    sample: float = 1.0
    slow: float = 1.0


def options() -> Options:
    """Those of this process. Raises DiagnosticError for wrong ones.

    A process without Django, such as the rate limiter, has those of its environment alone.
    """
    place, given = _of_settings() if settings.configured else (None, {})
    global _read
    if _read is None or _read[0] is not place or _read[1] != given:
        _read = (place, dict(given), _options(place, given))
    return _read[2]


def _of_settings() -> tuple[Here | None, Mapping[str, Any]]:
    place = getattr(settings, "RAMET", None)
    return (place if isinstance(place, Here) else None), getattr(settings, SETTING, {})


_read: tuple[Here | None, dict[str, Any], Options] | None = None
"""What was read last, and of what: settings change in tests only."""


def _options(place: Here | None, given: Mapping[str, Any]) -> Options:
    values = _checked(dict(given))
    values["headers"] = collectors.headers(os.environ)
    values["gzip"] = os.environ.get("OTEL_EXPORTER_OTLP_COMPRESSION") == "gzip"
    if place is None:
        values.setdefault("url", os.environ.get("OTEL_EXPORTER_OTLP_ENDPOINT") or None)
        if "service" not in values and os.environ.get("OTEL_SERVICE_NAME"):
            values["service"] = os.environ["OTEL_SERVICE_NAME"]
        return Options(**values)
    declared = place.system.telemetry
    return Options(
        **{
            "url": place.environment.telemetry_url,
            "service": place.group,
            "system": place.system.name,
            "sample": declared.sample,
            "slow": declared.slow,
            **values,
        }
    )


def _checked(given: dict[str, Any]) -> dict[str, Any]:
    mistakes = [
        Mistake(
            "telemetry-option",
            where=f"{SETTING} in the settings",
            found=f"{name} = {value!r}",
            expected=_EXPECTED.get(name, f"one of {', '.join(_EXPECTED)}"),
            remedy="correct or remove it",
        )
        for name, value in given.items()
        if not _is_right(name, value)
    ]
    if mistakes:
        raise DiagnosticError(*mistakes)
    return given


def _is_right(name: str, value: Any) -> bool:
    if name == "url":
        return isinstance(value, str) and value.startswith(("http://", "https://"))
    if name == "service":
        return isinstance(value, str)
    largest = {"sample": 1.0, "slow": inf}.get(name)
    if largest is None or isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return 0 <= value <= largest
