"""How a command says what it takes: annotations that `_signature` reads."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

__all__ = ["Argument", "Commands", "Misused", "Option"]

_Function = TypeVar("_Function", bound=Callable[..., Any])


class Misused(Exception):
    """Wrong usage, in a sentence; it is printed below the usage, with exit code 2."""


class Argument:
    """A parameter that is told by its place. `min` and `max` are of a number and may be it."""

    def __init__(
        self,
        *,
        help: str = "",
        metavar: str | None = None,
        min: float | None = None,
        max: float | None = None,
    ) -> None:
        self.help, self.metavar, self.min, self.max = help, metavar, min, max


class Option(Argument):
    """A parameter that is told by name: by the parameter's own where no `names` are given.

    A list's is given once for each value. A bool's takes no value; one that is on unless told
    otherwise is switched off by `--no-NAME`.
    """

    def __init__(self, *names: str, **about: Any) -> None:
        super().__init__(**about)
        self.names = names


class Commands(dict[str, Callable[..., Any]]):
    """The sub-commands of a module, by name."""

    def command(self, name: str = "") -> Callable[[_Function], _Function]:
        """A decorator that adds one; its name is the function's unless one is given."""

        def add(function: _Function) -> _Function:
            self[name or function.__name__.replace("_", "-")] = function
            return function

        return add
