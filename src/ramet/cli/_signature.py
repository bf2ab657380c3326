"""What a command takes, as its function's signature has it."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from enum import Enum
from types import NoneType, UnionType
from typing import Annotated, Any, NamedTuple, Union, get_args, get_origin

from ramet.cli._parameters import Argument, Misused, Option

__all__ = ["Parameter", "parameters"]

_KINDS = {int: "a whole number", float: "a number"}


class Parameter(NamedTuple):
    """One parameter; `kind` is the type of a value, of each where it is a list."""

    name: str
    kind: type
    about: Argument
    default: Any
    is_needed: bool
    is_list: bool

    @property
    def names(self) -> tuple[str, ...]:
        """Of an option, as they are typed; none of what is told by its place."""
        if not isinstance(self.about, Option):
            return ()
        return self.about.names or (f"--{self.name.replace('_', '-')}",)

    @property
    def metavar(self) -> str:
        """What stands for a value in help."""
        if self.about.metavar:
            return self.about.metavar
        if not self.names:
            return self.name.upper()
        return "TEXT" if self.kind is str else self.kind.__name__.upper()

    @property
    def shown(self) -> str:
        """What it is called where something is wrong with it."""
        return "/".join(self.names) or self.metavar

    def read(self, text: str) -> Any:
        """The value that was typed as `text`. Raises Misused where it is none."""
        try:
            value = self.kind(text)
        except ValueError:
            raise Misused(f"{self.shown}: {text!r} is not {_expected(self.kind)}") from None
        if self.about.min is not None and value < self.about.min:
            raise Misused(f"{self.shown}: {text} is less than {self.about.min}")
        if self.about.max is not None and value > self.about.max:
            raise Misused(f"{self.shown}: {text} is more than {self.about.max}")
        return value


def parameters(command: Callable[..., Any]) -> list[Parameter]:
    """Those of a command, in order. What has no annotation of ours is an Option if it has a
    default, else an Argument."""
    signature = inspect.signature(command, eval_str=True)
    return [_parameter(each) for each in signature.parameters.values()]


def _parameter(declared: inspect.Parameter) -> Parameter:
    is_needed = declared.default is declared.empty
    kind, about = declared.annotation, Argument() if is_needed else Option()
    if get_origin(kind) is Annotated:
        kind, about = get_args(kind)
    if get_origin(kind) in (Union, UnionType):
        (kind,) = (each for each in get_args(kind) if each is not NoneType)
    is_list = get_origin(kind) is list
    if is_list:
        (kind,) = get_args(kind)
    default = None if is_needed else declared.default
    return Parameter(declared.name, kind, about, default, is_needed, is_list)


def _expected(kind: type) -> str:
    if issubclass(kind, Enum):
        return " or ".join(str(each.value) for each in kind)
    return _KINDS.get(kind, kind.__name__)
