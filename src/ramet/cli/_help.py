"""What `--help` prints, in lines as wide as the terminal."""

from __future__ import annotations

import inspect
import shutil
import textwrap
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from ramet.cli._signature import Parameter

__all__ = ["group_help", "group_usage", "help_of", "usage"]

_WIDEST = 100
_HELP = ("-h, --help", "Show this and exit.")


def usage(program: str, parameters: Sequence[Parameter]) -> str:
    """The line that shows what a command takes."""
    shown = [_shown(each) for each in parameters if each.is_needed or not each.names]
    return " ".join([f"Usage: {program} [OPTIONS]", *shown])


def group_usage(program: str) -> str:
    """The same of a command that has sub-commands."""
    return f"Usage: {program} COMMAND [OPTIONS]"


def help_of(program: str, command: Callable[..., Any], parameters: Sequence[Parameter]) -> str:
    """What a command does, and everything that it takes."""
    arguments = [(each.metavar, _about(each)) for each in parameters if not each.names]
    options = [(_names(each), _about(each)) for each in parameters if each.names]
    parts = [usage(program, parameters), *_paragraphs(inspect.getdoc(command) or "")]
    if arguments:
        parts.append("Arguments:\n" + _table(arguments))
    return "\n\n".join([*parts, "Options:\n" + _table([*options, _HELP])])


def group_help(program: str, text: str, commands: Mapping[str, Callable[..., Any]]) -> str:
    """What sub-commands there are, each with the first line of its docstring."""
    rows = [
        (name, (inspect.getdoc(command) or "").partition("\n")[0])
        for name, command in commands.items()
    ]
    return "\n\n".join(
        [group_usage(program), *_paragraphs(text), "Commands:\n" + _table(rows)],
    )


def _shown(parameter: Parameter) -> str:
    if parameter.names:
        return f"{parameter.names[0]} {parameter.metavar}"
    if parameter.is_needed or parameter.metavar.startswith("["):
        return parameter.metavar
    return f"[{parameter.metavar}{' ...' * parameter.is_list}]"


def _names(option: Parameter) -> str:
    if option.kind is bool:
        off = [f"--no-{option.names[0].removeprefix('--')}"] if option.default else []
        return ", ".join([*option.names, *off])
    return f"{', '.join(option.names)} {option.metavar}"


def _about(parameter: Parameter) -> str:
    return " ".join([parameter.about.help, *_notes(parameter)])


def _notes(parameter: Parameter) -> Iterator[str]:
    """The range of a number, and a default that says something."""
    about, default = parameter.about, parameter.default
    if about.min is not None and about.max is not None:
        yield f"[from {about.min} to {about.max}]"
    if default is True:
        yield f"[default: {parameter.names[0]}]"
    elif default not in (None, "", False):
        yield f"[default: {default}]"


def _width() -> int:
    return min(shutil.get_terminal_size().columns, _WIDEST)


def _paragraphs(text: str) -> list[str]:
    return [_filled(each, "", "") for each in text.split("\n\n") if each]


def _table(rows: Sequence[tuple[str, str]]) -> str:
    """Two columns; what is too long for the first one begins the second one later."""
    first = min(max(len(left) for left, _ in rows), _width() // 3) + 4
    return "\n".join(
        _filled(right, f"  {left}  ".ljust(first), " " * first) for left, right in rows
    )


def _filled(text: str, first: str, others: str) -> str:
    return textwrap.fill(
        text,
        _width(),
        initial_indent=first,
        subsequent_indent=others,
        break_long_words=False,
        break_on_hyphens=False,
    )
