"""What was typed becomes what a command's function is called with."""

from pathlib import Path
from typing import Annotated, Any

import pytest

from ramet.cli._parameters import Argument, Misused, Option
from ramet.cli._parsing import parse, wants_help
from ramet.cli._signature import parameters


def one(
    first: str,
    others: Annotated[list[int] | None, Argument(max=9)] = None,
    where: Annotated[list[Path] | None, Option("--where", "-w")] = None,
    dry_run: Annotated[bool, Option()] = False,
    cache: Annotated[bool, Option()] = True,
    limit: int = 50,
) -> None:
    """Take a bit of everything."""


@pytest.mark.parametrize(
    ("typed", "given"),
    [
        ("a", {"first": "a"}),
        ("a 1 2", {"first": "a", "others": [1, 2]}),
        ("a 1 --limit 3 2", {"first": "a", "others": [1, 2], "limit": 3}),
        ("--limit 3 a", {"first": "a", "limit": 3}),
        ("a --limit=3 --limit=4", {"first": "a", "limit": 4}),
        ("a -w x --where=y", {"first": "a", "where": [Path("x"), Path("y")]}),
        ("a --dry-run --no-cache", {"first": "a", "dry_run": True, "cache": False}),
        ("a --cache", {"first": "a", "cache": True}),
        ("-", {"first": "-"}),
        ("-- -x", {"first": "-x"}),
        ("-- -- 1", {"first": "--", "others": [1]}),
    ],
)
def test_what_was_given_is_read(typed: str, given: dict[str, Any]) -> None:
    """In any order; what was not given is left to the function's own defaults."""
    assert parse(parameters(one), typed.split()) == given


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("", "missing: FIRST"),
        ("a --lim 3", "there is no option --lim; did you mean --limit?"),
        ("--lim 3", "there is no option --lim; did you mean --limit?"),
        ("a --no-dry-run", "there is no option --no-dry-run; did you mean --dry-run?"),
        ("a --limit x", "--limit: 'x' is not a whole number"),
        ("a --limit --dry-run", "--limit: expected one argument"),
        ("a 1 10", "OTHERS: 10 is more than 9"),
    ],
)
def test_what_is_wrong_is_said(typed: str, said: str) -> None:
    """An option's beginning is not its name: a script would break with the next option."""
    with pytest.raises(Misused) as caught:
        parse(parameters(one), typed.split())
    assert str(caught.value) == said


def test_more_than_is_taken_is_wrong() -> None:
    """Even behind the dashes."""

    def start(service: str) -> None: ...

    with pytest.raises(Misused, match=r"^unexpected: y -z$"):
        parse(parameters(start), ["x", "y", "--", "-z"])


def test_every_word_behind_the_dashes_stays() -> None:
    """So manage.py gets dashes and options of its own."""

    def manage(service: str, arguments: list[str]) -> None: ...

    given = parse(parameters(manage), ["users", "--", "shell", "--help", "--", "-c"])
    assert given == {"service": "users", "arguments": ["shell", "--help", "--", "-c"]}


@pytest.mark.parametrize(
    ("typed", "wanted"),
    [("--help", True), ("x --nope -h", True), ("x -- --help", False), ("x", False)],
)
def test_help_is_wanted_whatever_else_is_wrong(typed: str, wanted: bool) -> None:
    """But what follows the dashes is another program's."""
    assert wants_help(typed.split()) is wanted
