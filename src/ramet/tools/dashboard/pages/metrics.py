"""Metrics: the golden signals of each service and operation, lag of each handler, and all else."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from ramet.tools.dashboard import formats
from ramet.tools.dashboard.charts import Chart, chart
from ramet.tools.dashboard.context import Context
from ramet.tools.dashboard.rendering import Entry
from ramet.tools.dashboard.store import MetricRow, Series
from ramet.tools.dashboard.windows import Window, window

__all__ = ["ENTRY", "routes"]

ENTRY = Entry("Metrics", "/metrics", "M4 4v16h16M7 15l4-5 3 3 5-7")

_LONGEST = 30
# What Ramet's services tell beside their requests, in the order of the page; the names are of
# ramet.events.metrics, ramet.sagas.metrics and ramet.telemetry.metrics.saturation.
_WAITING = (
    ("ramet.events.oldest.waiting", "Lag: age of the oldest event that a handler has not done"),
    ("ramet.events.waiting", "Events that wait for a handler"),
    ("ramet.events.retrying", "Events that failed and are tried again"),
    ("ramet.events.dead", "Dead letters"),
    ("ramet.events.unsent", "Events that wait to be sent"),
    ("ramet.sagas.runs", "Sagas that run, by state"),
    ("ramet.threads.busy", "Saturation: threads at work"),
)


def routes(context: Context) -> list[Route]:
    """The page and its stream."""

    def values(request: Request) -> dict[str, Any]:
        chosen = window(request)
        service = request.query_params.get("service", "")
        metrics = context.store.metrics()
        metric = request.query_params.get("metric", "")
        row = next((each for each in metrics if each.name == metric), None)
        return {
            "window": chosen,
            "service": service,
            "metric": row,
            "signals": _signals(context, service, chosen) if row is None else [],
            "waiting": _waiting(context, service, chosen, metrics) if row is None else [],
            "one": _of_metric(context, row, row.description or row.name, service, chosen)
            if row
            else None,
            "operations": [
                each
                for each in context.store.operations(chosen.since, chosen.until)
                if not service or each.service == service
            ][:100]
            if row is None
            else [],
        }

    def page(request: Request) -> Response:
        return context.renderer.page(
            request,
            "metrics.html",
            services=context.store.services(),
            metrics=context.store.metrics(),
            links=window(request).links(request),
            query=request.query_params,
            **values(request),
        )

    def stream(request: Request) -> Response:
        return context.renderer.stream(
            request, "metrics_charts.html", lambda: values(request), every=5.0
        )

    return [Route("/metrics", page), Route("/metrics/stream", stream)]


def _signals(context: Context, service: str, chosen: Window) -> list[Chart]:
    """Of the whole system by service; of one service by operation."""
    by = ["service", "operation"] if service else ["service"]

    def series(name: str) -> list[Series]:
        found = context.store.series(name, by, chosen.since, chosen.until, chosen.step)
        return [each for each in found if not service or each.labels.get("service") == service]

    def name(each: Series) -> str:
        return each.labels.get("operation" if service else "service", "")

    def drawn(title: str, found: Sequence[Series], show: Callable[[float], str]) -> Chart:
        return chart(
            title,
            found,
            chosen.since,
            chosen.until,
            chosen.step,
            show,
            name,
            of_services=not service,
        )

    latency = series("latency")
    half, most = (
        [each for each in latency if each.labels["quantile"] == quantile]
        for quantile in ("0.5", "0.95")
    )
    return [
        drawn("Traffic: requests", series("requests"), formats.rate),
        drawn("Errors: part that failed", series("errors"), formats.percent),
        drawn("Latency: half within", half, _seconds),
        drawn("Latency: 95% within", most, _seconds),
    ]


def _waiting(
    context: Context, service: str, chosen: Window, metrics: Sequence[MetricRow]
) -> list[Chart]:
    known = {row.name: row for row in metrics}
    charts = [
        _of_metric(context, known[name], title, service, chosen)
        for name, title in _WAITING
        if name in known
    ]
    return [each for each in charts if each.curves]


def _of_metric(context: Context, row: MetricRow, title: str, service: str, chosen: Window) -> Chart:
    by = ["service", *row.labels]
    found = [
        each
        for each in context.store.series(row.name, by, chosen.since, chosen.until, chosen.step)
        if not service or each.labels.get("service") == service
    ]

    def words(each: Series) -> list[str]:
        labels = {label: text for label, text in each.labels.items() if text}
        if service:
            labels.pop("service", None)
        return list(labels.values()) or [row.name]

    unit = found[0].unit if found else row.unit
    return chart(
        title,
        found,
        chosen.since,
        chosen.until,
        chosen.step,
        _shown(unit),
        lambda each: ", ".join(words(each)),
        short=lambda each: ", ".join(formats.fitting(text, _LONGEST) for text in words(each)),
    )


def _shown(unit: str) -> Callable[[float], str]:
    match unit:
        case "s":
            return _seconds
        case "ms":
            return lambda value: formats.duration(value * 1e6)
        case "By":
            return formats.bytes_
        case "/s" | "1/s":
            return formats.rate
        case _:
            # An annotation in braces is for people, such as "{request}" (UCUM).
            suffix = "" if unit in {"", "1"} else f" {unit.strip('{}')}"
            return lambda value: f"{value:,.4g}{suffix}"


def _seconds(value: float) -> str:
    return formats.duration(value * 1e9)
