"""The stretch of time that a page looks at: the last minutes or hours, from its address."""

from __future__ import annotations

import time
from dataclasses import dataclass

from starlette.requests import Request

__all__ = ["Window", "window"]

_MINUTE = 60 * 1_000_000_000
_CHOICES = {"5m": 5, "15m": 15, "1h": 60, "6h": 360, "24h": 1440}
_TITLES = {"5m": "5 min", "15m": "15 min", "1h": "1 h", "6h": "6 h", "24h": "24 h"}
_DEFAULT = "15m"


@dataclass(frozen=True, slots=True)
class Window:
    """`since` and `until` are nanoseconds since the epoch; `name` is what addresses say."""

    name: str
    since: int
    until: int

    @property
    def title(self) -> str:
        """For a person."""
        return _TITLES[self.name]

    @property
    def length(self) -> int:
        """Nanoseconds."""
        return self.until - self.since

    @property
    def step(self) -> int:
        """A step for charts of this window: at most 96 of them, whole minutes."""
        return max(1, -(-self.length // (96 * _MINUTE))) * _MINUTE

    def links(self, request: Request) -> list[tuple[str, str]]:
        """Pairs of title and address: this page with each other window."""
        return [
            (title, f"?{request.url.include_query_params(since=name).query}")
            for name, title in _TITLES.items()
        ]


def window(request: Request) -> Window:
    """What `?since=` says, up to now; 15 minutes unless it is one of ours."""
    name = request.query_params.get("since", "")
    name = name if name in _CHOICES else _DEFAULT
    now = time.time_ns()
    return Window(name, now - _CHOICES[name] * _MINUTE, now)
