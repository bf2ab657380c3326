"""Reading a `RAMET_...` dictionary of the settings into a frozen dataclass of numbers and switches.

Each part of Ramet has its options in a class of its own, with defaults that are safe; how they are
read and refused is the same for all of them, so it stands here, below them.
"""

from __future__ import annotations

from dataclasses import fields
from typing import Any, TypeVar

from django.conf import settings

from ramet.errors import DiagnosticError, Mistake

__all__ = ["read"]

Options = TypeVar("Options")


def read(options: type[Options], setting: str) -> Options:
    """The dataclass `options` as the project's `setting` changes it.

    Raises DiagnosticError naming every option that is unknown or no whole number above 0; one whose
    default is True or False takes only these.
    """
    given: dict[str, Any] = dict(getattr(settings, setting, {}))
    known = {each.name: type(each.default) for each in fields(options)}  # type: ignore[arg-type]
    mistakes = [
        Mistake(
            f"{setting.removeprefix('RAMET_').lower()}-option",
            f"{setting} in the settings",
            f"{name} = {value!r}",
            _expected(known),
            "correct or remove it",
        )
        for name, value in given.items()
        if known.get(name) is not type(value) or (type(value) is int and value < 1)
    ]
    if mistakes:
        raise DiagnosticError(*mistakes)
    return options(**given)


def _expected(known: dict[str, type]) -> str:
    numbers = sorted(name for name, kind in known.items() if kind is not bool)
    switches = sorted(name for name, kind in known.items() if kind is bool)
    said = [f"whole numbers above 0 for {', '.join(numbers)}"] * bool(numbers)
    return "; ".join([*said, *[f"True or False for {', '.join(switches)}"] * bool(switches)])
