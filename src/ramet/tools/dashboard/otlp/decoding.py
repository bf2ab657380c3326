"""From the body of one request to a batch for the store."""

from __future__ import annotations

from dataclasses import dataclass

from ramet.tools.dashboard.otlp import as_json, as_protobuf, logs, metrics, spans
from ramet.tools.dashboard.otlp.signals import Signal
from ramet.tools.dashboard.otlp.tally import Tally
from ramet.tools.dashboard.store import Batch

__all__ = ["JSON", "PROTOBUF", "Decoded", "decode"]

PROTOBUF = "application/x-protobuf"
JSON = "application/json"


@dataclass(frozen=True, slots=True)
class Decoded:
    """What can be kept of a request, and what the sender should know."""

    batch: Batch
    rejected: int
    """Items that are not kept."""
    message: str
    """Why, and what was cut; empty where all was kept as it was."""


def decode(body: bytes, content_type: str, signal: Signal) -> Decoded:
    """Decode one request. Raises `Malformed` where nothing of it can be read."""
    tally = Tally(signal.name)
    encoding = as_json if content_type == JSON else as_protobuf
    groups = encoding.groups(body, signal, tally)
    batch = Batch(size=len(body))
    if signal.name == "traces":
        batch.spans = spans.records(groups, tally)
    elif signal.name == "logs":
        batch.logs = logs.records(groups, tally)
    else:
        batch.points = metrics.records(groups, tally)
    batch.losses = tally.losses
    return Decoded(batch, tally.rejected, str(tally))
