"""How a command says what it takes: annotations that `_running` makes a parser of."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

__all__ = ["Argument", "Commands", "Misused", "Option"]

_Function = TypeVar("_Function", bound=Callable[..., Any])


class Misused(Exception):
    """Wrong usage that only the command itself can see, in a sentence."""


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

    One that is a bool can be refused with `--no-NAME`, unless its name is given without that.
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
