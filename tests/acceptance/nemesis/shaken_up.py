"""`ramet up`, with clocks that can be set and the embedded broker behind a proxy.

Run as a program in the shop's folder; NEMESIS in the environment says how, as JSON. Supervisor,
engines and services are the real ones: only the addresses and environments that they are given
differ. libfaketime must be there when a program is executed, and no configuration of the local
system reaches into the engines' environments, hence the patches.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ramet.cli import main
from ramet.tools.local import forks, nats, postgres
from ramet.tools.local.running import Running
from tests.acceptance.nemesis import clocks

PRELOADED = Path(__file__).with_name("preloaded")


def broker_behind(proxy: int, own_port: int) -> None:
    """The broker listens on `own_port`; the services are told the proxy's."""
    nats.ports.unused = lambda: own_port
    nats.Nats.address = f"127.0.0.1:{proxy}"  # type: ignore[assignment,method-assign]


def clocks_from(folder: Path, library: str) -> None:
    """PostgreSQL and every process that the fork server makes read their clocks in `folder`."""
    of_postgres = clocks.environment(library, folder / clocks.POSTGRES)
    real = postgres.Postgres._environment
    postgres.Postgres._environment = lambda self: {**real(self), **of_postgres}  # type: ignore[method-assign]
    # The fork server inherits our environment; libfaketime is then in all its children, and reads
    # the name of its file anew each time.
    os.environ |= clocks.environment(library, folder / "fork-server")
    paths = [str(PRELOADED), *os.environ.get("PYTHONPATH", "").split(os.pathsep)]
    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, paths))
    fork = forks.Zygote.fork

    async def fork_with_own_clock(
        self: forks.Zygote, name: str, role: str, env: Mapping[str, str], log: Path
    ) -> Running:
        own = {"FAKETIME_TIMESTAMP_FILE": str(folder / name)}
        return await fork(self, name, role, {**env, **own}, log)

    forks.Zygote.fork = fork_with_own_clock  # type: ignore[method-assign]


if __name__ == "__main__":
    asked: dict[str, Any] = json.loads(os.environ.pop("NEMESIS"))
    if asked["broker"]:
        broker_behind(asked["proxy"], asked["broker"])
    if asked["library"]:
        clocks_from(Path(asked["clocks"]), asked["library"])
    sys.argv = ["ramet", "up", "--as", asked["placement"]]
    sys.exit(main())
