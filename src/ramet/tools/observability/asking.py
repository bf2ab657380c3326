"""The questions in PromQL that the dashboards ask again and again."""

from __future__ import annotations

__all__ = ["CALLS", "FETCHES", "REQUESTS", "SERVED", "TASKS", "narrowed", "rate", "slowest"]

REQUESTS = "http_server_request_duration_seconds"
CALLS, SERVED = "rpc_client_call_duration_seconds", "rpc_server_call_duration_seconds"
"""Of calls, as callers and as callees see them."""
FETCHES = "ramet_fetch_duration_seconds"
TASKS = "ramet_tasks_run_duration_seconds"


def rate(selector: str, by: str) -> str:
    """How often a second, by these labels; over as long as the chart's resolution needs."""
    return f"sum by ({by}) (rate({selector}[$__rate_interval]))"


def slowest(share: float, family: str, selector: str, by: str) -> str:
    """The duration within which this share of them was done, by these labels."""
    return f"histogram_quantile({share}, {rate(f'{family}_bucket{selector}', f'{by}, le')})"


def narrowed(selector: str, more: str) -> str:
    """A selector in braces with one more condition."""
    return f"{selector.removesuffix('}')},{more}}}"
