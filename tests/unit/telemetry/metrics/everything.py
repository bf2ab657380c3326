"""What every module measures, without what tests declare."""

import importlib

from ramet.telemetry.metrics import Declaration
from ramet.telemetry.metrics import declared as _declared


def declared() -> list[Declaration]:
    """By name. Django must be set up."""
    for name in ("calls", "events", "sagas"):
        importlib.import_module(f"ramet.{name}.metrics")
    for name in ("middleware", "tasks"):
        importlib.import_module(f"ramet.telemetry.{name}")
    for name in ("database", "pools", "reporting", "saturation"):
        importlib.import_module(f"ramet.telemetry.metrics.{name}")
    return [each for each in _declared() if not each.name.startswith(("test.", "never."))]
