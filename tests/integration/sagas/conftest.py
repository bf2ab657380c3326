"""A database with the tables of sagas, and the host that runs workers on it."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest


class Host:
    """Sends orders to `host.py`; its standard error is shown when an order fails there."""

    def __init__(
        self, environment: dict[str, str], log: Path, module: str = "tests.integration.sagas.host"
    ) -> None:
        self._log = log
        self._process = subprocess.Popen(
            [sys.executable, "-m", module],
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log.open("w"),
            text=True,
        )

    def order(self, command: str, **details: Any) -> dict[str, Any]:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        print(json.dumps({"command": command, **details}), file=self._process.stdin, flush=True)
        line = self._process.stdout.readline()
        assert line, f"the host ended:\n{self._log.read_text()[-3000:]}"
        answer: dict[str, Any] = json.loads(line)
        assert "error" not in answer, answer["error"]
        return answer

    def log(self) -> str:
        return self._log.read_text()

    def close(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(10)


def prepare(database: str, root: Path) -> dict[str, str]:
    """The environment of processes on this database, with its tables made."""
    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "tests.integration.sagas.settings",
        "SAGA_TEST_DATABASE": database,
        "PYTHONPATH": os.pathsep.join([str(root), os.environ.get("PYTHONPATH", "")]),
    }
    subprocess.run(
        [sys.executable, "-m", "django", "migrate", "--run-syncdb", "-v0"],
        env=environment,
        check=True,
        timeout=60,
    )
    return environment


@pytest.fixture(scope="module")
def environment(postgres: Any, root: Path) -> dict[str, str]:
    return prepare(postgres.create_database("sagas"), root)


@pytest.fixture(scope="module")
def host(environment: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Host]:
    host = Host(environment, tmp_path_factory.mktemp("host") / "log")
    yield host
    host.close()


@pytest.fixture(scope="module")
def sqlite_host(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Host]:
    folder = tmp_path_factory.mktemp("sqlite")
    host = Host(prepare(f"sqlite:///{folder}/db.sqlite3", root), folder / "log")
    yield host
    host.close()
