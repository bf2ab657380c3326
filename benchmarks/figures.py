"""What a benchmark module declares, so that `make bench` can show and judge its figures."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal


@dataclass(frozen=True)
class Figure:
    """One figure of a benchmark: where `main()` returns it, what it is, and what it should be.

    `key` is a key of the mapping that `main()` returns; `unit` is printed after the value ("x": a
    ratio of one run). `target` is the bound, which the value must not be under (`at least`) or not
    over (`at most`); None: no target, printed for comparison.
    """

    key: str
    what: str
    unit: str
    bound: Literal["at least", "at most"] | None = None
    target: float | None = None

    def value(self, measured: Mapping[str, Any]) -> float:
        return float(measured[self.key])

    def is_met(self, measured: Mapping[str, Any]) -> bool | None:
        """Whether the target is reached; None where there is none."""
        if self.target is None:
            return None
        value = self.value(measured)
        return value >= self.target if self.bound == "at least" else value <= self.target
