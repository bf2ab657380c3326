"""Run manage.py of one service, in its place and on its database."""

from __future__ import annotations

import os
import sys
from typing import Annotated

from ramet.cli._local import group_of, here, running
from ramet.cli._parameters import Argument


def command(
    service: Annotated[str, Argument(help="Whose database and settings to use.")],
    arguments: Annotated[list[str], Argument(metavar="-- ARGS...", help="What manage.py gets.")],
) -> None:
    """Run `manage.py ARGS` as that service's processes run: same settings, database, keys.

    The system must be up. The exit code is manage.py's own.
    """
    system, _ = here()
    environment = service_environment(service)
    script = system.root / "manage.py"
    program = [str(script)] if script.exists() else ["-m", "django"]
    os.chdir(system.root)
    sys.stdout.flush()
    # Replaced, not called: signals, terminal and exit code are manage.py's.
    os.execve(  # noqa: S606
        sys.executable,
        [sys.executable, *program, *arguments],
        {**os.environ, **environment, "PYTHONPATH": _path(str(system.root))},
    )


def service_environment(service: str) -> dict[str, str]:
    """The environment of the running processes of `service`'s group."""
    from ramet.system import Group
    from ramet.tools.local.environment import Environments

    system, folder = here()
    state = running(folder)
    name = group_of(state, service)
    environments = Environments(system, folder, state["databases"], state["brokers"])
    environment = environments.of_group(Group(tuple(state["groups"][name]), name))
    return {**environment, "RAMET_INSTANCE": f"{name}-manage-{os.getpid()}"}


def _path(root: str) -> str:
    given = os.environ.get("PYTHONPATH")
    return f"{root}{os.pathsep}{given}" if given else root
