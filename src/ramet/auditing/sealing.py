"""The loop of the worker that seals what has been written since it looked last."""

from __future__ import annotations

from collections.abc import Iterable

import structlog
from django.db import connections

from ramet.auditing.chain import BATCH, seal
from ramet.auditing.options import options
from ramet.events.worker import Loop

__all__ = ["Sealing", "loops"]

log = structlog.get_logger("ramet.audit")


class Sealing(Loop):
    """One process at a time seals; the others find nothing to do."""

    name = "audit-sealing"

    def __init__(self) -> None:
        super().__init__()
        self.poll = float(options().seal_every)

    def work(self) -> float | None:
        """Seal one batch. The log has the digest: who keeps the lines elsewhere can prove with it
        that the chain is the one of then (`ramet audit verify --head`)."""
        made = seal()
        if made is None:
            connections.close_all()  # one for a look now and then would stand idle
            return None
        log.info("audit.sealed", seal=made.pk, entries=made.entries, digest=made.digest)
        return 0 if made.entries == BATCH else None


def loops() -> Iterable[Loop]:
    """For the worker."""
    return [Sealing()]
