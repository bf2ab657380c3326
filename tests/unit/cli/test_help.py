"""Help fits the terminal, and tells what is taken and what is taken for granted."""

from typing import Annotated

import pytest

from ramet.cli._help import group_help, help_of
from ramet.cli._parameters import Argument, Commands, Option
from ramet.cli._signature import parameters

app = Commands()


@app.command()
def copy(
    rate: Annotated[float, Option(help="Bytes a second.")],
    sources: Annotated[list[str], Argument(help="What to copy.")],
    target: Annotated[str | None, Argument(help="Where to.")] = None,
    follow: Annotated[bool, Option("--follow", "-f", help="Links too.")] = False,
    cache: Annotated[bool, Option(help="Remember what was read.")] = True,
    tries: Annotated[int, Option(min=1, max=9, help="How often to try.")] = 3,
    note: Annotated[str, Option(help="To keep with it.")] = "",
) -> None:
    """Copy what is there, as often as it takes, and say so.

    Nothing is removed.
    """


def test_help_is_as_wide_as_the_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """With what must be given, with ranges, and with defaults that say something."""
    monkeypatch.setenv("COLUMNS", "44")
    assert help_of("ramet copy", copy, parameters(copy)) == (
        "Usage: ramet copy [OPTIONS] --rate FLOAT\n"
        "       SOURCES [TARGET]\n"
        "\n"
        "Copy what is there, as often as it takes,\n"
        "and say so.\n"
        "\n"
        "Nothing is removed.\n"
        "\n"
        "Arguments:\n"
        "  SOURCES  What to copy.\n"
        "  TARGET   Where to.\n"
        "\n"
        "Options:\n"
        "  --rate FLOAT    Bytes a second.\n"
        "  --follow, -f    Links too.\n"
        "  --cache, --no-cache  Remember what was\n"
        "                  read. [default: --cache]\n"
        "  --tries INT     How often to try. [from 1\n"
        "                  to 9] [default: 3]\n"
        "  --note TEXT     To keep with it.\n"
        "  -h, --help      Show this and exit."
    )


def test_help_of_sub_commands_has_their_first_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    """In whole, on as many lines as they need."""
    monkeypatch.setenv("COLUMNS", "44")
    assert group_help("ramet file", "Work on files.", app) == (
        "Usage: ramet file COMMAND [OPTIONS]\n"
        "\n"
        "Work on files.\n"
        "\n"
        "Commands:\n"
        "  copy  Copy what is there, as often as it\n"
        "        takes, and say so."
    )


def test_lines_are_never_too_long_to_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """However wide the terminal is."""
    monkeypatch.setenv("COLUMNS", "400")
    assert max(map(len, help_of("ramet copy", copy, parameters(copy)).splitlines())) <= 100
