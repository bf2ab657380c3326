"""The parts of a Grafana dashboard, as JSON of its model
(https://grafana.com/docs/grafana/latest/dashboards/build-dashboards/view-dashboard-json-model/).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

__all__ = ["Dashboard", "Panel", "Query", "model"]

SCHEMA_VERSION = 39
"""Of the dashboard's model: Grafana 10.1 and later read it, newer ones migrate it."""

_SOURCE = {"type": "prometheus", "uid": "${datasource}"}
_WIDTH, _HEIGHT = 12, 8  # of a grid that is 24 wide


@dataclass(frozen=True, slots=True)
class Query:
    """A question in PromQL, and how its answers are named: `{{label}}` is filled in."""

    expr: str
    legend: str


@dataclass(frozen=True, slots=True)
class Panel:
    """One chart. `unit` is Grafana's: "reqps", "s", "percentunit", "short". `text` says what is to
    be seen in it; `kind` is a Grafana panel."""

    title: str
    text: str
    unit: str
    queries: tuple[Query, ...]
    kind: str = "timeseries"


@dataclass(frozen=True, slots=True)
class Dashboard:
    """A page of charts. `variables` are (name, title, query that lists the values)."""

    name: str
    title: str
    text: str
    panels: tuple[Panel, ...]
    variables: tuple[tuple[str, str, str], ...] = ()


def model(dashboard: Dashboard) -> dict[str, Any]:
    """What Grafana imports."""
    return {
        "uid": f"ramet-{dashboard.name}",
        "title": f"Ramet / {dashboard.title}",
        "description": dashboard.text,
        "tags": ["ramet"],
        "schemaVersion": SCHEMA_VERSION,
        "version": 1,
        "editable": True,
        "graphTooltip": 1,
        "refresh": "30s",
        "time": {"from": "now-1h", "to": "now"},
        "timezone": "browser",
        "annotations": {"list": []},
        "links": [
            {
                "type": "dashboards",
                "title": "Ramet",
                "tags": ["ramet"],
                "asDropdown": True,
                "keepTime": True,
                "includeVars": True,
            }
        ],
        "templating": {"list": [_data_source(), *map(_variable, dashboard.variables)]},
        "panels": [_panel(number, each) for number, each in enumerate(dashboard.panels)],
    }


def _data_source() -> dict[str, Any]:
    return {
        "name": "datasource",
        "label": "Prometheus",
        "type": "datasource",
        "query": "prometheus",
    }


def _variable(variable: Sequence[str]) -> dict[str, Any]:
    name, label, query = variable
    return {
        "name": name,
        "label": label,
        "type": "query",
        "datasource": _SOURCE,
        "query": {"query": query, "refId": name},
        "refresh": 2,  # when the time range changes
        "multi": True,
        "includeAll": True,
        "allValue": ".*",
        "current": {"text": "All", "value": "$__all"},
        "sort": 1,
    }


def _panel(number: int, panel: Panel) -> dict[str, Any]:
    found: dict[str, Any] = {
        "id": number + 1,
        "title": panel.title,
        "description": panel.text,
        "type": panel.kind,
        "datasource": _SOURCE,
        "gridPos": {
            "h": _HEIGHT,
            "w": _WIDTH,
            "x": number % 2 * _WIDTH,
            "y": number // 2 * _HEIGHT,
        },
        "targets": [
            {
                "refId": chr(ord("A") + place),
                "datasource": _SOURCE,
                "expr": query.expr,
                "legendFormat": query.legend,
                "exemplar": "_bucket" in query.expr,
            }
            for place, query in enumerate(panel.queries)
        ],
        "fieldConfig": {"defaults": {"unit": panel.unit, "min": 0}, "overrides": []},
    }
    if panel.kind == "timeseries":
        found["options"] = {
            "legend": {"displayMode": "table", "placement": "bottom", "calcs": ["lastNotNull"]},
            "tooltip": {"mode": "multi", "sort": "desc"},
        }
    return found
