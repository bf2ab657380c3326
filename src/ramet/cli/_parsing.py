"""What was typed, as what a command takes.

argparse reads the options. What is told by its place is read here: argparse wants it in one piece,
and in Python 3.11 drops a second `--` too (CPython issue 81691).
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Sequence
from typing import Any, NoReturn

from ramet.cli._parameters import Misused
from ramet.cli._signature import Parameter

__all__ = ["parse", "wants_help"]


def wants_help(arguments: Sequence[str]) -> bool:
    """Whether help is asked for, whatever else is; what follows `--` asks for nothing."""
    return not {"-h", "--help"}.isdisjoint(_split(arguments)[0])


def parse(parameters: Sequence[Parameter], arguments: Sequence[str]) -> dict[str, Any]:
    """The values that `arguments` give, by the name of their parameter.

    Options and the others may come in any order; nothing after `--` is an option. What was not
    given is left out. Raises Misused.
    """
    before, after = _split(arguments)
    options, rest = _parser(parameters).parse_known_args(before)
    for text in rest:
        if text.startswith("-") and text != "-":
            raise Misused(_no_option(text.partition("=")[0], parameters))
    given = vars(options) | _placed(parameters, [*rest, *after])
    missing = [each for each in parameters if each.is_needed and each.name not in given]
    if missing:
        raise Misused(f"missing: {', '.join(each.shown for each in missing)}")
    return given


def _split(arguments: Sequence[str]) -> tuple[Sequence[str], Sequence[str]]:
    at = arguments.index("--") if "--" in arguments else len(arguments)
    return arguments[:at], arguments[at + 1 :]


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise Misused(message.removeprefix("argument "))


def _parser(parameters: Iterable[Parameter]) -> argparse.ArgumentParser:
    parser = _Parser(
        add_help=False,
        allow_abbrev=False,
        argument_default=argparse.SUPPRESS,
        # It makes one for each option, and looks at the terminal unless it has a width.
        formatter_class=lambda prog: argparse.HelpFormatter(prog, width=80),
    )
    for each in parameters:
        if each.names:
            parser.add_argument(*each.names, dest=each.name, **_settings(each))
    return parser


def _settings(option: Parameter) -> dict[str, Any]:
    if option.kind is bool:
        return {"action": argparse.BooleanOptionalAction if option.default else "store_true"}
    return {"action": "append" if option.is_list else "store", "type": option.read}


def _no_option(name: str, parameters: Iterable[Parameter]) -> str:
    from difflib import get_close_matches

    known = [each for parameter in parameters for each in parameter.names]
    close = get_close_matches(name, known, n=1)
    return f"there is no option {name}" + (f"; did you mean {close[0]}?" if close else "")


def _placed(parameters: Iterable[Parameter], texts: list[str]) -> dict[str, Any]:
    """The values that are told by their place. A list takes all that are left."""
    given: dict[str, Any] = {}
    for each in parameters:
        if each.names or not texts:
            continue
        if each.is_list:
            given[each.name] = [each.read(text) for text in texts]
            texts.clear()
        else:
            given[each.name] = each.read(texts.pop(0))
    if texts:
        raise Misused(f"unexpected: {' '.join(texts)}")
    return given
