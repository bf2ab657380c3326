"""The pytest plugin of Ramet: placements, faults, a clock, and work done in the test's own thread.

Installed with Ramet; its fixtures are in `plugin`. The names here are for annotations in tests:
imported on first use, because pytest loads the plugin before Django has settings.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ramet.calls.caller import called_by
    from ramet.testing.calls import Calls, Fault
    from ramet.testing.clock import Clock
    from ramet.testing.events import Events, HandlerFailed
    from ramet.testing.placements import Placement
    from ramet.testing.runs import Run
    from ramet.testing.sagas import NotSettled, Sagas
    from ramet.testing.settling import Settle

_HOMES = {
    "Calls": "ramet.testing.calls",
    "Clock": "ramet.testing.clock",
    "Events": "ramet.testing.events",
    "Fault": "ramet.testing.calls",
    "HandlerFailed": "ramet.testing.events",
    "NotSettled": "ramet.testing.sagas",
    "Placement": "ramet.testing.placements",
    "Run": "ramet.testing.runs",
    "Sagas": "ramet.testing.sagas",
    "Settle": "ramet.testing.settling",
    "called_by": "ramet.calls.caller",
}

__all__ = [
    "Calls",
    "Clock",
    "Events",
    "Fault",
    "HandlerFailed",
    "NotSettled",
    "Placement",
    "Run",
    "Sagas",
    "Settle",
    "called_by",
]


def __getattr__(name: str) -> Any:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module 'ramet.testing' has no attribute {name!r}")
    value = globals()[name] = getattr(import_module(home), name)
    return value


def __dir__() -> list[str]:
    return __all__
