"""What the commands of the local system share: finding the system, its folder and its state."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ramet.errors import DiagnosticError, Mistake
from ramet.system import System, find, load
from ramet.tools.local.folder import Folder
from ramet.tools.local.state import StateFile

FAILED = 1
_MANAGED_SECONDS = 70.0  # longer than the supervisor waits itself


def here() -> tuple[System, Folder]:
    """The system of the working folder."""
    system = load()
    return system, Folder(system.root)


def folder_here() -> Folder:
    """The folder of the system here, also when its ramet.toml cannot be read: what runs can be
    seen and stopped whatever has been written since."""
    return Folder(find(Path.cwd()).parent)


def name_of(folder: Folder) -> str:
    """The name of the system that runs in `folder`, or ran there last."""
    return str((StateFile(folder).read() or {}).get("system") or folder.root.name)


def running(folder: Folder) -> dict[str, Any]:
    """The state of the running system. Raises DiagnosticError when it is down."""
    state = StateFile(folder)
    if state.running_supervisor() is None:
        raise not_running(folder)
    return state.read() or {}


def not_running(folder: Folder) -> DiagnosticError:
    """The local system is down."""
    return DiagnosticError(
        Mistake(
            reference="not-running",
            where=str(folder.path),
            found="no running system",
            expected="a system that `ramet up` started here",
            remedy="run `ramet up`, or `ramet up --detach` to get the prompt back",
        )
    )


def group_of(state: dict[str, Any], service: str) -> str:
    """The group that `service` lives in. Raises DiagnosticError when there is none."""
    for group, services in state["groups"].items():
        if service == group or service in services:
            return str(group)
    known = [name for members in state["groups"].values() for name in members]
    raise DiagnosticError(
        Mistake(
            reference="unknown-service",
            where=f"`{service}`",
            found="a service that does not run",
            expected=f"one of {', '.join(known)}",
            remedy="see `ramet status`",
        )
    )


def answer_of(folder: Folder, request: dict[str, Any]) -> dict[str, Any]:
    """What the running supervisor answers. DiagnosticError when the system is down, or takes more
    than a minute: it goes on with what it was asked for."""
    from ramet.tools.local import control

    try:
        return control.ask(folder.control, request)
    except ConnectionError:
        raise not_running(folder) from None
    except TimeoutError:
        raise DiagnosticError(
            Mistake(
                reference="no-answer",
                where=f"`{request['command']}`",
                found="no answer within a minute; the system goes on with it",
                expected="an answer that it is done",
                remedy="see with `ramet status` how far it is, and with `ramet logs` why",
            )
        ) from None


def ask(folder: Folder, request: dict[str, Any], done: str) -> int:
    """Have the running supervisor do something, and say `done`; returns the exit code."""
    answer = answer_of(folder, request)
    if "error" in answer:
        print(answer["error"], file=sys.stderr)
        return FAILED
    print(done)
    return 0


def manage_as(
    service: str, *arguments: str, stdout: int | None = None, stderr: int | None = None
) -> subprocess.CompletedProcess[str]:
    """Run `manage.py ARGUMENTS` as the processes of `service` run, and wait for its end.

    A command of Ramet's own by the supervisor, which has that service's Django at hand: it takes a
    tenth of the time. `stdout` and `stderr` are as of subprocess.run. Raises DiagnosticError when
    the system is down.
    """
    from ramet.cli.manage import service_environment

    if (done := _managed(service, arguments)) is not None:
        if stdout is None:
            print(done.stdout, end="")
        if stderr is None:
            print(done.stderr, end="", file=sys.stderr)
        return done
    system, _ = here()
    script = system.root / "manage.py"
    program = [str(script)] if script.exists() else ["-m", "django"]
    return subprocess.run(
        [sys.executable, *program, *arguments],
        cwd=system.root,
        env={**os.environ, **service_environment(service)},
        stdout=stdout,
        stderr=stderr,
        text=True,
        check=False,
    )


def _managed(service: str, arguments: Sequence[str]) -> subprocess.CompletedProcess[str] | None:
    """What the supervisor answers in place of manage.py; None where it does not."""
    from ramet.tools.local import control

    request = {"command": "manage", "service": service, "arguments": arguments}
    try:
        answer = control.ask(folder_here().control, request, timeout=_MANAGED_SECONDS)
    except (ConnectionError, TimeoutError):
        return None
    if "error" in answer:  # being restarted, no such service: manage.py tells it as it always has
        return None
    return subprocess.CompletedProcess(
        list(arguments), answer["status"], answer["stdout"], answer["stderr"]
    )
