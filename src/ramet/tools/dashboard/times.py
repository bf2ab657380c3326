"""Times of JSON as the pages' filters want them."""

from __future__ import annotations

from datetime import UTC, datetime

__all__ = ["nanoseconds"]


def nanoseconds(text: object) -> int | None:
    """Nanoseconds since the epoch of an ISO 8601 text, in UTC unless it says otherwise; else None.

    Microseconds are exact.
    """
    try:
        moment = datetime.fromisoformat(str(text))
    except ValueError:
        return None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    passed = moment - datetime(1970, 1, 1, tzinfo=UTC)
    microseconds = (passed.days * 86_400 + passed.seconds) * 1_000_000 + passed.microseconds
    return microseconds * 1000
