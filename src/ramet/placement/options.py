"""Reading a `RAMET_...` dictionary of the settings into a frozen dataclass of whole numbers.

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

    Raises DiagnosticError naming every option that is unknown or no whole number above 0.
    """
    given: dict[str, Any] = dict(getattr(settings, setting, {}))
    known = {each.name for each in fields(options)}  # type: ignore[arg-type]
    mistakes = [
        Mistake(
            f"{setting.removeprefix('RAMET_').lower()}-option",
            f"{setting} in the settings",
            f"{name} = {value!r}",
            f"whole numbers above 0 for {', '.join(sorted(known))}",
            "correct or remove it",
        )
        for name, value in given.items()
        if name not in known or isinstance(value, bool) or not isinstance(value, int) or value < 1
    ]
    if mistakes:
        raise DiagnosticError(*mistakes)
    return options(**given)
