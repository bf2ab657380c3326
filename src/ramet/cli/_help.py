"""What `--help` prints, in lines as wide as the terminal."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from ramet.cli._signature import Parameter
from ramet.cli._wrapping import filled, table

__all__ = ["group_help", "group_usage", "help_of", "usage"]

_HELP = ("-h, --help", "Show this and exit.")


def usage(program: str, parameters: Sequence[Parameter]) -> str:
    """What shows what a command takes, in one line where that is not too long."""
    shown = [_shown(each) for each in parameters if each.is_needed or not each.names]
    return filled(" ".join([f"Usage: {program} [OPTIONS]", *shown]), others=" " * 7)


def group_usage(program: str) -> str:
    """The same of a command that has sub-commands."""
    return filled(f"Usage: {program} COMMAND [OPTIONS]", others=" " * 7)


def help_of(program: str, command: Callable[..., Any], parameters: Sequence[Parameter]) -> str:
    """What a command does, and everything that it takes."""
    arguments = [(each.metavar, _about(each)) for each in parameters if not each.names]
    options = [(_names(each), _about(each)) for each in parameters if each.names]
    parts = [usage(program, parameters), *_paragraphs(inspect.getdoc(command) or "")]
    if arguments:
        parts.append("Arguments:\n" + table(arguments))
    return "\n\n".join([*parts, "Options:\n" + table([*options, _HELP])])


def group_help(program: str, text: str, commands: Mapping[str, Callable[..., Any]]) -> str:
    """What sub-commands there are, each with the first line of its docstring."""
    rows = [
        (name, (inspect.getdoc(command) or "").partition("\n")[0])
        for name, command in commands.items()
    ]
    return "\n\n".join(
        [group_usage(program), *_paragraphs(text), "Commands:\n" + table(rows)],
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


def _paragraphs(text: str) -> list[str]:
    return [filled(each) for each in text.split("\n\n") if each]
