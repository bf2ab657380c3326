"""A database and a broker of their own, and the host that runs services on them."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import Databases
from tests.integration.events.conftest import NatsServer
from tests.integration.events.conftest import nats_server as nats_server
from tests.integration.sagas.conftest import Host


def environment_of(database: str, broker: str, root: Path) -> dict[str, str]:
    """Of processes on this database; its tables are made."""
    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "tests.integration.fire.settings",
        "FIRE_DATABASE": database,
        "FIRE_BROKER": broker,
        "PYTHONPATH": os.pathsep.join([str(root), os.environ.get("PYTHONPATH", "")]),
    }
    subprocess.run(
        [sys.executable, "-m", "django", "migrate", "--run-syncdb", "-v0"],
        env=environment,
        check=True,
        timeout=60,
    )
    return environment


@pytest.fixture(scope="session")
def environment(postgres: Databases, nats_server: NatsServer, root: Path) -> dict[str, str]:
    return environment_of(postgres.create_database("fire"), nats_server.url, root)


@pytest.fixture(scope="session")
def host(environment: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Host]:
    log = tmp_path_factory.mktemp("fire") / "log"
    host = Host(environment, log, module="tests.integration.fire.host")
    yield host
    host.close()
