"""Management commands of a running group: answered in a tenth of the time that manage.py takes.

A fork of the group's zygote runs the command, with Django set up already and in the environment of
the group's processes. It needs no web process, so it answers for a stopped service too; and it
opens no way in that others could try, since the control socket is the only one.
"""

from __future__ import annotations

import asyncio
import itertools
import signal
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ramet.errors import DiagnosticError, Mistake
from ramet.tools.local.folder import Folder
from ramet.tools.local.forks import Zygote
from ramet.tools.local.running import Running

PREFIX = "ramet_"
"""What the names of commands begin with that are answered: they ask nothing and soon end."""

_AT_ONCE = 4
_SECONDS = 60.0
_LARGEST = 8 << 20
"""Bytes of an answer: what more there is, a smaller --limit shows."""


@dataclass(frozen=True, slots=True)
class Answer:
    """The exit status (negative: the signal) and what the command printed."""

    status: int
    stdout: str
    stderr: str

    def as_json(self) -> dict[str, Any]:
        """For the control socket."""
        return {"status": self.status, "stdout": self.stdout, "stderr": self.stderr}


class Managing:
    """Runs commands in the zygotes of one system, a few at a time."""

    def __init__(self, folder: Folder) -> None:
        self._folder = folder
        self._numbers = itertools.count(1)
        self._places = asyncio.Semaphore(_AT_ONCE)

    async def run(self, zygote: Zygote, group: str, arguments: Sequence[str], via: str) -> Answer:
        """Run `manage.py ARGUMENTS` as `group` and wait, a minute at most.

        `via` names what asked, for the audit log: "dashboard", or "" for a terminal. Raises
        DiagnosticError for a command that is not answered here, and when the zygote has ended.
        """
        if not arguments or not arguments[0].startswith(PREFIX):
            raise _not_answered(" ".join(arguments[:1]))
        async with self._places:
            name = f"{group}-manage-{next(self._numbers)}"
            output, log = (self._folder.run / f"{name}.{kind}" for kind in ("out", "err"))
            environment = {"RAMET_INSTANCE": name, "RAMET_OPERATED_VIA": via}
            try:
                running = await zygote.fork(
                    name,
                    "manage",
                    environment,
                    log,
                    arguments=list(arguments),
                    output=str(output),
                )
                return Answer(await _status(running), _text(output), _text(log))
            except ConnectionResetError:
                raise restarting(group) from None
            finally:
                output.unlink(missing_ok=True)
                log.unlink(missing_ok=True)


async def _status(running: Running) -> int:
    try:
        async with asyncio.timeout(_SECONDS):
            return await asyncio.shield(running.ended)
    except TimeoutError:
        running.send(signal.SIGKILL)
        return await running.ended


def _text(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return file.read(_LARGEST).decode("utf-8", "replace")
    except FileNotFoundError:  # it was killed before it could say anything
        return ""


def _not_answered(command: str) -> DiagnosticError:
    return DiagnosticError(
        Mistake(
            reference="command-not-answered",
            where="the control socket",
            found=f"`manage.py {command}`",
            expected=f"a command whose name begins with {PREFIX}",
            remedy="run it with `ramet manage`",
        )
    )


def restarting(group: str) -> DiagnosticError:
    """Nothing answers for the group at this moment."""
    return DiagnosticError(
        Mistake(
            reference="service-restarting",
            where=group,
            found="its processes are being replaced at this moment",
            expected="a group that runs",
            remedy="ask again",
        )
    )
