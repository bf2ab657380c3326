"""How much the store keeps, and what it says of what it no longer has."""

from __future__ import annotations

from dataclasses import dataclass, field

__all__ = ["Full", "Kept", "Limits", "Loss"]


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of one store. What is over them is dropped, the oldest first, and told by `kept()`."""

    spans: int = 200_000
    logs: int = 200_000
    points: int = 500_000
    """Single values of metrics, over all their series."""
    bytes: int = 512 * 1024 * 1024
    """The file's size, its write-ahead log not counted (that is cut back to 16 MB)."""
    minutes: int = 24 * 60
    """Age of the figures by minute, which outlive the spans that they were counted from."""
    waiting: int = 50_000
    """Spans, logs and points that were accepted and are not yet written: more is `Full`."""
    waiting_bytes: int = 64 * 1024 * 1024
    """The same, by the size in which they came."""


@dataclass(frozen=True, slots=True)
class Loss:
    """Something that was sent here and is not, or not wholly, kept."""

    signal: str
    """`traces`, `logs` or `metrics`."""
    reason: str
    """Kebab-case and stable: `oldest-dropped`, `disk-full`, `wrong-id-length`, ..."""
    count: int
    last: int
    """When it last happened: nanoseconds since the epoch."""
    sentence: str
    """For a person: what happens to such items."""


@dataclass(frozen=True, slots=True)
class Kept:
    """What the store has at this moment, since when, and what it left out."""

    spans: int
    traces: int
    logs: int
    points: int
    bytes: int
    """Size of the file."""
    oldest_span: int | None
    """When the oldest trace that is kept started; None without any. Nanoseconds since the epoch."""
    oldest_log: int | None
    oldest_point: int | None
    waiting: int
    """Items that were accepted and are not yet written."""
    limits: Limits
    losses: tuple[Loss, ...] = field(default=())
    """Since the file was made, the most frequent first."""
    trouble: str | None = None
    """Why writing or reading fails at this moment (such as a full disk), or None."""

    @property
    def dropped(self) -> int:
        """How many items were lost or cut for any reason."""
        return sum(loss.count for loss in self.losses)


class Full(Exception):
    """More is waiting to be written than the limits allow: send it again after `retry_after`."""

    retry_after: int
    """Seconds."""

    def __init__(self, retry_after: int = 1) -> None:
        super().__init__(f"The store is busy writing; send again in {retry_after} s.")
        self.retry_after = retry_after
