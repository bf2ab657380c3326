"""Await several things that may each fail by a person's mistake, and tell all mistakes at once."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Iterable

from ramet.errors import DiagnosticError, Mistake

GRACE_SECONDS = 3.0
"""How long after a first failure the others may take to fail as well."""


async def together(waits: Iterable[Awaitable[None]]) -> None:
    """Await all. After a first failure the others get three seconds to fail too, or to finish.

    Raises one DiagnosticError with every mistake, or the first error that is no such mistake.
    """
    pending = {asyncio.ensure_future(wait) for wait in waits}
    failed: list[BaseException] = []
    while pending:
        done, pending = await asyncio.wait(
            pending,
            timeout=GRACE_SECONDS if failed else None,
            return_when=asyncio.FIRST_COMPLETED,
        )
        failed += [error for task in done if (error := task.exception()) is not None]
        if not done:
            break
    for task in pending:
        task.cancel()
    mistakes: list[Mistake] = []
    for error in failed:
        if not isinstance(error, DiagnosticError):
            raise error
        mistakes += [mistake for mistake in error.mistakes if mistake not in mistakes]
    if mistakes:
        raise DiagnosticError(*mistakes)
