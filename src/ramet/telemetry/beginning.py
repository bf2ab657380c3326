"""What each process of a service does first, once it is what it will be: after the last fork."""

from __future__ import annotations

import os

from ramet.placement import Here
from ramet.telemetry import exporting, listening, resource
from ramet.telemetry.metrics import instruments

__all__ = ["begin"]

_begun_in: int | None = None


def begin(place: Here | None, role: str, *, is_asked: bool = True) -> None:
    """Count where the service's other processes count, and answer at RAMET_PROBES if it is set.

    `place` None: a project without `ramet.place`, whose processes count each for itself. In a
    process that has begun already it does nothing. `is_asked` False: another one answers there,
    such as the process whose pool this one belongs to.
    """
    global _begun_in
    if _begun_in == os.getpid():
        return
    _begun_in = os.getpid()
    resource.be(role)
    if exporting.is_on():
        exporting.wake()  # a process that has nothing to do yet tells that, too
    if place is None:
        return
    instruments.use_folder(place.environment.metrics_folder, role)
    if place.environment.probes is not None and is_asked:
        listening.listen(place.environment.probes)
