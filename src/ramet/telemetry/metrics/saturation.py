"""How busy a process is: its threads, of each kind, and how many it may have."""

from ramet.telemetry.metrics.instruments import Level

__all__ = ["BUSY", "MOST"]

BUSY = Level(
    "ramet.threads.busy",
    "Threads at work: of web processes, of the inbox, of sagas.",
    attributes=("pool",),
)
MOST = Level("ramet.threads.most", "Threads that there may be.", attributes=("pool",))
