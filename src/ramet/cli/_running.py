"""How a command's module becomes a running command."""

from __future__ import annotations

import inspect
import os
import sys
from collections.abc import Callable
from importlib import import_module
from typing import Any

from ramet.cli._parameters import Commands, Misused
from ramet.cli._parsing import parse, wants_help
from ramet.cli._signature import parameters

__all__ = ["run"]

DONE, FAILED, MISUSED = 0, 1, 2


def run(name: str, arguments: list[str]) -> int:
    """Call the command of a module of this package and return its exit code.

    Wrong usage is printed. DiagnosticError, SystemExit and bugs pass through.
    """
    module = import_module(f"ramet.cli.{name.replace('-', '_')}")
    commands: Commands | None = getattr(module, "app", None)
    try:
        if commands is None:
            return _call(f"ramet {name}", module.command, arguments)
        return _choose(f"ramet {name}", inspect.getdoc(module) or "", commands, arguments)
    except BrokenPipeError:
        # Whoever reads has enough, as `head` has; nor may the interpreter's last flush say so.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FAILED


def _choose(program: str, text: str, commands: Commands, arguments: list[str]) -> int:
    from ramet.cli._help import group_help, group_usage

    match arguments:
        case [name, *rest] if name in commands:
            return _call(f"{program} {name}", commands[name], rest)
        case [] | ["-h" | "--help", *_]:
            print(group_help(program, text, commands))
            return DONE if arguments else MISUSED
    wrong = f"there is no command {arguments[0]}, but {', '.join(commands)}"
    return _refuse(program, group_usage(program), wrong)


def _call(program: str, command: Callable[..., Any], arguments: list[str]) -> int:
    taken = parameters(command)
    if wants_help(arguments):
        from ramet.cli._help import help_of

        print(help_of(program, command, taken))
        return DONE
    try:
        return command(**parse(taken, arguments)) or DONE
    except Misused as error:
        from ramet.cli._help import usage

        return _refuse(program, usage(program, taken), str(error))


def _refuse(program: str, usage: str, wrong: str) -> int:
    print(f"{usage}\n{program} --help tells more.\n\nError: {wrong}", file=sys.stderr)
    return MISUSED
