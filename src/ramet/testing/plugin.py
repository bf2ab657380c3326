"""What pytest loads: the marker `placements`, the fixtures, and `--ramet-trace`.

Imported in every test run of a project that has Ramet, before Django has settings: so everything
else is imported when a test asks for it.
"""

from __future__ import annotations

import contextlib
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from ramet.testing import Calls, Clock, Events, Placement, Sagas, Settle
    from ramet.testing.recording import Recorder

__all__: list[str] = []

_NAMES = ("monolith", "services")
"""As in `placements`, which cannot be imported yet."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--ramet-trace FILE`: what `ramet assess --trace FILE` reads."""
    parser.getgroup("ramet").addoption(
        "--ramet-trace",
        metavar="FILE",
        help="record which models each request and test reads and writes in one transaction"
        " (docs/how-to/add-evidence-to-an-assessment.md)",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Declare the marker, for `--strict-markers`."""
    config.addinivalue_line(
        "markers",
        'placements("monolith", "services"): run the test once in each of these placements of'
        " Ramet's services (docs/reference/testing.md)",
    )
    trace = config.getoption("--ramet-trace")
    if trace:
        config.pluginmanager.register(_Trace(config, Path(trace)), "ramet-trace")


class _Trace:
    """Records while tests run; with xdist, every worker adds to the file that the first began."""

    def __init__(self, config: pytest.Config, path: Path) -> None:
        self._path = path
        self._is_worker = hasattr(config, "workerinput")
        self._installed = contextlib.ExitStack()
        self._recorder: Recorder | None = None

    def pytest_sessionstart(self) -> None:
        # Not sooner: pytest-django must have found the settings first.
        from django.conf import settings

        if not settings.configured:
            raise pytest.UsageError(
                "--ramet-trace: found no Django settings; expected pytest-django and"
                " DJANGO_SETTINGS_MODULE; install the one and set the other"
            )
        from ramet.testing.recording import recording

        begun = recording(self._path, is_first=not self._is_worker)
        self._recorder = self._installed.enter_context(begun)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_call(self, item: pytest.Item) -> Generator[None, object, object]:
        if self._recorder is None:
            return (yield)
        with self._recorder.test(item.nodeid):
            return (yield)

    def pytest_sessionfinish(self) -> None:
        self._installed.close()


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """One item for each placement that a test, its class or its module names."""
    marker = metafunc.definition.get_closest_marker("placements")
    if marker is None:
        return
    names = list(dict.fromkeys(marker.args))
    unknown = [repr(name) for name in names if name not in _NAMES]
    if unknown or not names or marker.kwargs:
        found = ", ".join(unknown) or "no placement"
        pytest.fail(
            f"@pytest.mark.placements on {metafunc.definition.nodeid}: found {found}; expected"
            ' one or both of "monolith" and "services"',
            pytrace=False,
        )
    if "placement" not in metafunc.fixturenames:
        metafunc.fixturenames.insert(0, "placement")
    metafunc.parametrize("placement", names, indirect=True)


@pytest.fixture
def placement(request: pytest.FixtureRequest) -> Iterator[Placement]:
    """The placement of a test with the marker `placements`; the monolith in one without."""
    from ramet.testing.placements import placed

    with placed(getattr(request, "param", "monolith")) as found:
        yield found


@pytest.fixture
def clock(db: None) -> Clock:
    """`clock.advance(hours=2)`: what Ramet has stored becomes so much older."""
    from ramet.testing.clock import Clock

    return Clock()


@pytest.fixture
def calls(request: pytest.FixtureRequest) -> Iterator[Calls]:
    """Faults on calls: `calls.refuse`, `unavailable`, `lose_answer`, `slow`; `calls.count`."""
    from ramet.testing.calls import Calls, faults

    def spend(seconds: float) -> None:
        if seconds > 0 and "clock" in request.fixturenames:
            request.getfixturevalue("clock").advance(seconds=seconds)

    with faults(Calls(spend)) as found:
        yield found


@pytest.fixture
def events(request: pytest.FixtureRequest, clock: Clock) -> Events:
    """`events.settle()`, `events.published`, and what brokers do to events."""
    from ramet.testing.events import Events

    is_services = "placement" in request.fixturenames and (
        request.getfixturevalue("placement").is_services
    )
    return Events(clock, is_through_broker=is_services)


@pytest.fixture
def sagas(clock: Clock) -> Iterator[Sagas]:
    """`sagas.settle()`, `sagas.run(PlaceOrder, ...)`, steps and crashes."""
    from ramet.testing.sagas import Sagas

    made = Sagas(clock)
    yield made
    made.close()


@pytest.fixture
def settle(events: Events, sagas: Sagas) -> Settle:
    """`settle()`: sagas and events, until nothing is left to do."""
    from ramet.testing.settling import Settle

    return Settle(events, sagas)
