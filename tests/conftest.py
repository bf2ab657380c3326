"""What several kinds of test need: a throwaway PostgreSQL, and waiting on a condition."""

import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

from ramet.tools.local.postgres import Postgres

pytest_plugins = ["pytester"]

settings.register_profile("long", max_examples=2_000, stateful_step_count=80)


def bounded(examples: int, steps: int) -> settings:
    """How much a state machine tries: this, or far more with `--hypothesis-profile=long`."""
    is_long = settings.get_current_profile_name() == "long"
    return settings(
        max_examples=settings().max_examples if is_long else examples,
        stateful_step_count=settings().stateful_step_count if is_long else steps,
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
    )


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("nemesis", "tests/acceptance/test_nemesis.py")
    group.addoption("--nemesis-seconds", type=float, default=120, help="How long it rages (120).")
    group.addoption("--nemesis-seed", type=int, help="Repeats a schedule; else made up, printed.")
    group.addoption("--nemesis-placement", default="services", choices=["services", "monolith"])


class Databases:
    """The server that one test run owns; every database made on it has a login role of its own."""

    def __init__(self, server: Postgres) -> None:
        self.server = server

    def create_database(self, prefix: str = "test") -> str:
        """Create an empty database and return its URL."""
        return self.server.create_database(f"{prefix}_{uuid.uuid4().hex[:8]}")


@pytest.fixture(scope="session")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Databases]:
    """A real PostgreSQL with fsync on, started once a test run and removed with it."""
    folder = tmp_path_factory.mktemp("postgres")
    server = Postgres(folder / "data", folder / "run", folder / "postgres.log")
    server.start()
    try:
        yield Databases(server)
    finally:
        server.destroy()


def eventually(
    condition: Callable[[], Any], *, within: float = 10.0, every: float = 0.05, what: str = ""
) -> Any:
    """Return the first truthy result of `condition`; fail after `within` seconds."""
    deadline = time.monotonic() + within
    while True:
        if result := condition():
            return result
        if time.monotonic() > deadline:
            pytest.fail(f"not within {within} s: {what or condition}; last result: {result!r}")
        time.sleep(every)


@pytest.fixture(name="eventually")
def _eventually() -> Callable[..., Any]:
    return eventually


@pytest.fixture(scope="session")
def root() -> Path:
    """The checkout's folder."""
    return Path(__file__).resolve().parent.parent
