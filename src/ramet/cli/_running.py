"""How a command's module becomes a running command: a parser is made of what its function takes.

argparse, because others take longer to import than most commands run.
"""

from __future__ import annotations

import argparse
import inspect
import os
import sys
from collections.abc import Callable, Mapping
from enum import Enum
from importlib import import_module
from types import NoneType, UnionType
from typing import Annotated, Any, NoReturn, Union, get_args, get_origin

from ramet.cli._parameters import Argument, Commands, Misused, Option

__all__ = ["run"]

FAILED, MISUSED = 1, 2


def run(name: str, arguments: list[str]) -> int:
    """Call the command of a module of this package and return its exit code.

    Wrong usage is printed. DiagnosticError and bugs pass through.
    """
    module = import_module(f"ramet.cli.{name.replace('-', '_')}")
    program = f"ramet {name}"
    commands: Commands | None = getattr(module, "app", None)
    if commands is None:
        return _call(program, module.command, arguments)
    match arguments:
        case [] | ["--help" | "-h"]:
            print(_help(program, inspect.getdoc(module) or "", commands))
            return 0 if arguments else MISUSED
        case [command, *rest] if command in commands:
            return _call(f"{program} {command}", commands[command], rest)
    known = ", ".join(commands)
    print(f"{program}: there is no {arguments[0]!r} here, but {known}", file=sys.stderr)
    return MISUSED


def _call(program: str, command: Callable[..., Any], arguments: list[str]) -> int:
    parser = _parser(program, command)
    try:
        given = vars(parser.parse_args(arguments))
        return command(**given) or 0
    except Misused as error:
        parser.error(str(error))
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else int(end.code is not None)
    except BrokenPipeError:
        # Whoever reads has enough, as `head` has; nor may the interpreter's last flush say so.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FAILED


def _help(program: str, text: str, commands: Mapping[str, Callable[..., Any]]) -> str:
    width = max(map(len, commands))
    lines = [
        f"  {name:<{width}}  {(inspect.getdoc(command) or '').partition(chr(10))[0]}"
        for name, command in commands.items()
    ]
    return "\n".join([f"Usage: {program} COMMAND [OPTIONS]", "", text, "", *lines])


class _Parser(argparse.ArgumentParser):
    """argparse's, that begins what it says as `ramet --help` does."""

    def error(self, message: str) -> NoReturn:
        said = f"Usage: {self.usage}\n{self.prog} --help tells more.\n\nError: {message}\n"
        self.exit(MISUSED, said)

    def format_help(self) -> str:
        return super().format_help().replace("usage: ", "Usage: ", 1)


def _parser(program: str, command: Callable[..., Any]) -> argparse.ArgumentParser:
    parser = _Parser(
        program,
        description=inspect.getdoc(command),
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    shown = [program, "[OPTIONS]"]
    for parameter in inspect.signature(command, eval_str=True).parameters.values():
        if metavar := _add(parser, parameter):
            shown.append(metavar)
    parser.usage = " ".join(shown)
    return parser


def _add(parser: argparse.ArgumentParser, parameter: inspect.Parameter) -> str:
    """Add a parameter; what the usage shows of it, "" of an option."""
    kind, about = _told(parameter)
    is_needed = parameter.default is parameter.empty
    default = None if is_needed else parameter.default
    shown = default not in (None, "") and not isinstance(default, bool)
    settings: dict[str, Any] = {
        "default": default,
        "help": (about.help + f" [default: {default}]" * shown).replace("%", "%%"),
    }
    is_list = get_origin(kind) is list
    if is_list:
        kind = get_args(kind)[0]
    if kind is not bool:
        settings |= {"type": _reader(kind, about), "metavar": about.metavar or _metavar(kind)}
    if isinstance(about, Option):
        names = about.names or (f"--{parameter.name.replace('_', '-')}",)
        if kind is bool:
            both = not about.names or "/" in names[0]
            settings["action"] = argparse.BooleanOptionalAction if both else "store_true"
            names = tuple(name.partition("/")[0] for name in names)
        elif is_list:
            settings["action"] = "append"
        parser.add_argument(*names, dest=parameter.name, required=is_needed, **settings)
        return ""
    settings["metavar"] = metavar = about.metavar or parameter.name.upper()
    if is_list:
        settings["nargs"] = "+" if is_needed else "*"
    elif not is_needed:
        settings["nargs"] = "?"
    parser.add_argument(parameter.name, **settings)
    return metavar if is_needed or metavar[0] == "[" else f"[{metavar}{'...' * is_list}]"


def _told(parameter: inspect.Parameter) -> tuple[Any, Argument]:
    """The type of a parameter without None, and what is told of it."""
    kind, about = parameter.annotation, None
    if get_origin(kind) is Annotated:
        kind, about = get_args(kind)
    if get_origin(kind) in (Union, UnionType):
        (kind,) = (each for each in get_args(kind) if each is not NoneType)
    if about is None:
        about = Argument() if parameter.default is parameter.empty else Option()
    return kind, about


def _metavar(kind: type) -> str:
    if issubclass(kind, Enum):
        return "|".join(str(each.value) for each in kind)
    return "TEXT" if kind is str else kind.__name__.upper()


def _reader(kind: type, about: Argument) -> Callable[[str], Any]:
    """What reads a value from the command line, and says what is wrong with it."""

    def read(text: str) -> Any:
        try:
            value = kind(text)
        except ValueError:
            raise argparse.ArgumentTypeError(f"{text!r} is no {_metavar(kind)}") from None
        if about.min is not None and value < about.min:
            raise argparse.ArgumentTypeError(f"{text} is less than {about.min}")
        if about.max is not None and value > about.max:
            raise argparse.ArgumentTypeError(f"{text} is more than {about.max}")
        return value

    return read
