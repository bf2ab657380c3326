"""What pytest loads: the marker `placements`, and the fixtures.

Imported in every test run of a project that has Ramet, before Django has settings: so everything
else is imported when a test asks for it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from ramet.testing import Calls, Clock, Events, Placement, Sagas, Settle

__all__: list[str] = []

_NAMES = ("monolith", "services")
"""As in `placements`, which cannot be imported yet."""


def pytest_configure(config: pytest.Config) -> None:
    """Declare the marker, for `--strict-markers`."""
    config.addinivalue_line(
        "markers",
        'placements("monolith", "services"): run the test once in each of these placements of'
        " Ramet's services (docs/reference/testing.md)",
    )


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
