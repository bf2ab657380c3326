"""One test in several placements: where calls go, and how events travel.

`monolith`: what the settings say, every service in this process. `services`: each call leaves over
HTTP, by Ramet's own client, to Ramet's own server in front of the callee, and the events of each
service go through a broker into its own inbox. All of it in the test's process and on the test's
database; docs/reference/testing.md says what that shows and what it does not.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

from django.test import override_settings

from ramet.calls.client import stub_of
from ramet.calls.contracts import contracts
from ramet.placement import Here, here
from ramet.testing.misuse import misuse
from ramet.testing.server import NOBODY, serving

__all__ = ["NAMES", "Placement", "placed"]

NAMES = ("monolith", "services")
"""What `@pytest.mark.placements` takes."""


@dataclass(frozen=True, slots=True)
class Placement:
    """The fixture `placement`: in which of its placements a test runs."""

    name: str

    @property
    def is_services(self) -> bool:
        """Whether calls go over HTTP and events through a broker."""
        return self.name == "services"


@contextmanager
def placed(name: str) -> Iterator[Placement]:
    """Be in this placement. Raises DiagnosticError unless all of the system is in this process."""
    place = here()
    absent = sorted(
        each.name
        for each in place.system.services.values()
        if each.is_django and not place.has(each.name)
    )
    if absent:
        raise misuse(
            "services-are-absent",
            "@pytest.mark.placements",
            found=f"settings without {', '.join(absent)}",
            expected="settings of the monolith: the test process stands for all services",
            remedy="unset RAMET_SERVICES for the tests",
        )
    if name == "monolith":
        yield Placement(name)
        return
    with serving() as address, _leaving(place, address):
        yield Placement(name)


@contextmanager
def _leaving(place: Here, address: str) -> Iterator[None]:
    """Have the calls of every contract of a service leave for this address."""

    def way(caller: str | None) -> str:
        return f"{address}/{caller or NOBODY}"

    mesh = replace(place.environment, mesh_template=f"{address}/{{caller}}")
    with override_settings(RAMET=replace(place, environment=mesh)):
        stubs = [
            stub_of(contract)
            for contract in contracts().values()
            if place.service_of(contract.__module__) is not None
        ]
        former = [stub._route for stub in stubs]
        for stub in stubs:
            stub._route = (here(), way)
        try:
            yield
        finally:
            for stub, route in zip(stubs, former, strict=True):
                stub._route = route
