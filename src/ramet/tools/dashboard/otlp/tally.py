"""Counting what one request lost, so that nothing is left out in silence."""

from __future__ import annotations

from collections import Counter

__all__ = ["Tally"]


class Tally:
    """Counts of one request, by reason (the names of `store.reasons`)."""

    def __init__(self, signal: str) -> None:
        self._signal = signal
        self._rejected: Counter[str] = Counter()
        self._changed: Counter[str] = Counter()

    def reject(self, reason: str, count: int = 1) -> None:
        """An item (span, log record, metric point) is not kept."""
        self._rejected[reason] += count

    def change(self, reason: str, count: int = 1) -> None:
        """An item is kept, not wholly as it was sent."""
        self._changed[reason] += count

    @property
    def rejected(self) -> int:
        """How many items are not kept."""
        return self._rejected.total()

    @property
    def losses(self) -> dict[tuple[str, str], int]:
        """Counts by signal and reason, as a `Batch` carries them."""
        return {(self._signal, name): n for name, n in (self._rejected + self._changed).items()}

    def __str__(self) -> str:
        """For the sender: `2 wrong-id-length, 1 from-the-future`; empty where all was kept."""
        counts = self._rejected + self._changed
        return ", ".join(f"{count} {reason}" for reason, count in counts.most_common())
