"""Mistakes of things that start at the same time are told together."""

import asyncio

import pytest

from ramet.errors import DiagnosticError, Mistake
from ramet.tools.local import together as module
from ramet.tools.local.together import together


def _error(where: str) -> DiagnosticError:
    return DiagnosticError(Mistake("broken", where, "found", "expected", "remedy"))


async def _fails(where: str, after: float = 0.0) -> None:
    await asyncio.sleep(after)
    raise _error(where)


def test_all_mistakes_are_in_one_error() -> None:
    with pytest.raises(DiagnosticError) as caught:
        asyncio.run(together([_fails("orders"), _fails("users", 0.05), asyncio.sleep(0)]))
    assert {mistake.where for mistake in caught.value.mistakes} == {"orders", "users"}


def test_what_waits_for_a_failed_one_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "GRACE_SECONDS", 0.05)

    async def run() -> None:
        await together([_fails("postgres"), asyncio.Event().wait()])  # type: ignore[list-item]

    with pytest.raises(DiagnosticError, match="postgres"):
        asyncio.run(run())


def test_a_bug_is_no_mistake_and_passes_through() -> None:
    async def bug() -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        asyncio.run(together([_fails("orders"), bug()]))
