"""`ramet`: one module per command, imported only when that command is called.

To add a command `NAME`, add `NAME.py` with a docstring, whose first line `ramet --help` shows, and
a function `command`, annotated with what `_parameters` has. That is all: the list is read from the
files, without importing them, so that help is instant. A module that offers several sub-commands
has an `app`, a `Commands`, instead. A command returns None or an exit code; what a user did wrong
it raises as DiagnosticError.
"""

import ast
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from ramet.errors import DiagnosticError

__all__ = ["commands", "main"]

DONE, FOUND_OR_FAILED, MISUSED, INTERRUPTED = 0, 1, 2, 130

_FOLDER = Path(__file__).parent


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code: 0 done, 1 findings or failure, 2 wrong usage."""
    _open_closed()
    arguments = sys.argv[1:] if arguments is None else list(arguments)
    match arguments:
        case [] | ["--help" | "-h" | "help"]:
            print(_overview())
            return DONE if arguments else MISUSED
        case ["--version"]:
            from importlib.metadata import version

            print(f"ramet {version('ramet')}")
            return DONE
        case [name, *rest] if _is_command(name):
            return _run(name, rest)
        case [name, *_]:
            print(_unknown(name), file=sys.stderr)
            return MISUSED
    raise AssertionError(arguments)


def commands() -> dict[str, str]:
    """Every command with its line of help, in alphabetical order; read without importing any."""
    return {name: _first_line(path) for name, path in _modules().items()}


def _modules() -> dict[str, Path]:
    return {
        path.stem.replace("_", "-"): path
        for path in sorted(_FOLDER.glob("*.py"))
        if not path.stem.startswith("_")
    }


def _open_closed() -> None:
    """Let standard streams that were closed (`>&-`) lead nowhere. A file that is opened would take
    their numbers, and be written by whoever prints."""
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        if getattr(sys, name) is None:
            opened = os.open(os.devnull, os.O_RDWR)
            if opened != number:
                os.dup2(opened, number)
                os.close(opened)
            stream = open(number, "w" if number else "r", closefd=False)  # noqa: SIM115 - to the end
            setattr(sys, name, stream)


def _is_command(name: str) -> bool:
    """Whether there is such a command, without a look at all the others."""
    stem = name.replace("-", "_")
    return "_" not in name and stem.isidentifier() and (_FOLDER / f"{stem}.py").is_file()


def _run(name: str, arguments: list[str]) -> int:
    from ramet.cli._running import run

    try:
        return run(name, arguments)
    except DiagnosticError as error:
        print(error, file=sys.stderr)
        return MISUSED
    except OSError as error:
        from ramet.cli._refused import diagnosis

        told = diagnosis(error)
        if told is None:
            raise
        print(told, file=sys.stderr)
        return MISUSED
    except KeyboardInterrupt:
        return INTERRUPTED


def _first_line(path: Path) -> str:
    with path.open(encoding="utf-8") as file:
        line = file.readline().strip()
    # A docstring of several lines has its closing quotes elsewhere.
    return str(ast.literal_eval(line if line.count('"""') == 2 else line + '"""'))


def _overview() -> str:
    from ramet.cli._wrapping import filled, table

    return "\n\n".join(
        [
            "Usage: ramet COMMAND [OPTIONS]",
            filled("One Django codebase, as many independently deployed services as you want."),
            table(list(commands().items())),
            filled(
                "ramet COMMAND --help tells more. Exit codes: 0 done, 1 findings or failure, "
                "2 wrong usage or configuration."
            ),
        ]
    )


def _unknown(name: str) -> str:
    import difflib

    close = difflib.get_close_matches(name, commands(), n=1)
    proposal = f'Did you mean "{close[0]}"?' if close else "ramet --help lists all commands."
    return f'ramet: there is no command "{name}". {proposal}'
