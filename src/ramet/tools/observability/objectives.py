"""What is promised, and when breaking it is worth waking somebody: multi-window burn rates.

After Google's Site Reliability Workbook, chapter 5, "Alerting on SLOs", approach 6
(https://sre.google/workbook/alerting-on-slos/): a long window says that it matters, a short one,
a twelfth of it, that it has not stopped since.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

__all__ = [
    "BURNS",
    "OBJECTIVES",
    "WINDOWS",
    "Burn",
    "Objective",
    "burning",
    "recording_rules",
]

_FAULTS = "internal|unavailable|deadline_exceeded|data_loss|unknown"
"""Codes of calls that are the callee's fault; a refusal, or a caller's mistake, is none."""


@dataclass(frozen=True, slots=True)
class Objective:
    """A share of good ones that is promised. `bad` and `all` are selectors of rates, of which
    `{window}` is to be filled in, `by` the label of who promises it."""

    name: str
    title: str
    share: float
    by: str
    bad: str
    all: str

    def recorded(self, window: str) -> str:
        """The name under which the share of bad ones is recorded."""
        return f"{self.by}:{self.name}:bad_{window}"

    def ratio(self, window: str) -> str:
        """The share of bad ones in a window."""
        return f"{self.bad} / {self.all}".replace("{window}", window)


def _sum(selector: str, by: str) -> str:
    return f"sum by ({by}) (rate({selector}[{{window}}]))"


_REQUESTS = "http_server_request_duration_seconds"
# As callers see them: a callee that is away counts nothing.
_CALLS = "rpc_client_call_duration_seconds"
_FETCHES = "ramet_fetch_duration_seconds"

OBJECTIVES = (
    Objective(
        "http_errors",
        "requests are answered without a server's error",
        0.999,
        "ramet_service",
        _sum(f'{_REQUESTS}_count{{http_response_status_code=~"5.."}}', "ramet_service"),
        _sum(f"{_REQUESTS}_count", "ramet_service"),
    ),
    Objective(
        "http_slow",
        "requests are answered within half a second",
        0.99,
        "ramet_service",
        f"({_sum(f'{_REQUESTS}_count', 'ramet_service')}"
        f' - {_sum(f"""{_REQUESTS}_bucket{{le="0.5"}}""", "ramet_service")})',
        _sum(f"{_REQUESTS}_count", "ramet_service"),
    ),
    Objective(
        "call_errors",
        "calls are answered without a fault",
        0.999,
        "ramet_callee",
        _sum(f'{_CALLS}_count{{rpc_response_status_code=~"{_FAULTS}"}}', "ramet_callee"),
        _sum(f"{_CALLS}_count", "ramet_callee"),
    ),
    Objective(
        "fetch_errors",
        "fetches are answered without a fault",
        0.999,
        "ramet_callee",
        _sum(f'{_FETCHES}_count{{ramet_outcome=~"5xx|failed|{_FAULTS}"}}', "ramet_callee"),
        _sum(f"{_FETCHES}_count", "ramet_callee"),
    ),
)


@dataclass(frozen=True, slots=True)
class Burn:
    """How quickly the budget of errors of 30 days is used up, and how bad that is."""

    long: str
    short: str
    factor: float
    severity: str
    used: str


BURNS = (
    Burn("1h", "5m", 14.4, "page", "2% of a month's budget in an hour"),
    Burn("6h", "30m", 6.0, "page", "5% of a month's budget in six hours"),
    Burn("3d", "6h", 1.0, "ticket", "10% of a month's budget in three days"),
)

WINDOWS = tuple(dict.fromkeys(window for burn in BURNS for window in (burn.short, burn.long)))


def recording_rules() -> Iterator[dict[str, str]]:
    """The share of bad ones of each objective in each window, as Prometheus's rules."""
    for objective in OBJECTIVES:
        for window in WINDOWS:
            yield {"record": objective.recorded(window), "expr": objective.ratio(window)}


def burning(objective: Objective, severity: str) -> str:
    """The condition under which the objective's budget burns that badly."""
    budget = f"{1 - objective.share:g}"
    return " or ".join(
        f"({objective.recorded(burn.long)} > {burn.factor:g} * {budget}"
        f" and {objective.recorded(burn.short)} > {burn.factor:g} * {budget})"
        for burn in BURNS
        if burn.severity == severity
    )
