"""What is exported: complete, consistent with what the code measures, and readable by others."""

import importlib
import json
import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from ramet.system import load
from ramet.tools.observability import plain_yaml
from ramet.tools.observability.alerts import ALERTS
from ramet.tools.observability.dashboards import DASHBOARDS
from ramet.tools.observability.files import files
from ramet.tools.observability.grafana import model
from ramet.tools.observability.objectives import OBJECTIVES, recording_rules
from tests.documents import runbooks
from tests.unit.telemetry.metrics.everything import declared

ROOT = Path(__file__).parents[4]
FILES = files(load(ROOT / "shop/ramet.toml"), "services", "https://shop.example/runbooks")

OURS = {sample for each in declared() for sample in each.samples}
RECORDED = {rule["record"] for rule in recording_rules()}
ENVOYS = set((Path(__file__).parent / "envoy_metrics.txt").read_text().split())
"""Those of Envoy that are asked for; tests/integration/observability compares them with Envoy."""


def expressions() -> list[str]:
    return [
        *(alert.expr for alert in ALERTS),
        *(rule["expr"] for rule in recording_rules()),
        *(
            query.expr
            for dashboard in DASHBOARDS
            for panel in dashboard.panels
            for query in panel.queries
        ),
        *(query for dashboard in DASHBOARDS for _, _, query in dashboard.variables),
    ]


def metrics_in(expression: str) -> set[str]:
    """The names of metrics in an expression: all words but labels, functions and numbers."""
    bare = re.sub(r"\{[^}]*\}|\[[^\]]*\]|\b(by|on|without) *\([^)]*\)", " ", expression)
    words = set(
        re.findall(r"(?<![\w:.])[a-zA-Z_:][\w:]*", re.sub(r"label_values\((.*),.*", r"\1", bare))
    )
    functions = {"sum", "max", "min", "rate", "deriv", "histogram_quantile", "time"}
    return words - functions - {"and", "or", "unless"}


def test_every_metric_that_is_asked_for_is_one_that_the_code_measures() -> None:
    asked = {name for each in expressions() for name in metrics_in(each)}
    assert asked - OURS - RECORDED - ENVOYS - {"up"} == set()
    assert {name for name in asked if name.startswith("envoy_")} == ENVOYS


def test_every_metric_that_the_code_measures_is_shown_somewhere() -> None:
    asked = {name for each in expressions() for name in metrics_in(each)}
    unseen = [each.name for each in declared() if not asked & set(each.samples)]
    assert unseen == []


def test_every_label_that_is_asked_for_is_one_that_the_metric_has() -> None:
    labels = {sample: {*each.labels, "le"} for each in declared() for sample in each.samples}
    for expression in expressions():
        for name, inside in re.findall(r"([a-z_]+)\{([^}]*)\}", expression):
            used = set(re.findall(r"(\w+)(?==|!=|=~)", inside))
            assert used <= labels.get(name, used) | {"job"}, expression


# What Grafana cannot do without, of its model for schemaVersion 39.
DASHBOARD_SCHEMA: dict[str, Any] = {
    "type": "object",
    "required": ["uid", "title", "schemaVersion", "panels", "templating", "time", "tags"],
    "additionalProperties": False,
    "properties": {
        "uid": {"type": "string", "maxLength": 40, "pattern": "^[a-zA-Z0-9_-]+$"},
        "title": {"type": "string", "minLength": 1},
        "description": {"type": "string"},
        "tags": {"type": "array", "items": {"type": "string"}},
        "schemaVersion": {"const": 39},
        "version": {"type": "integer"},
        "editable": {"type": "boolean"},
        "graphTooltip": {"enum": [0, 1, 2]},
        "refresh": {"type": "string", "pattern": r"^\d+[smh]$"},
        "timezone": {"enum": ["browser", "utc", ""]},
        "time": {
            "type": "object",
            "required": ["from", "to"],
            "properties": {"from": {"type": "string"}, "to": {"type": "string"}},
        },
        "annotations": {"type": "object", "required": ["list"]},
        "links": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["type", "title"],
                "properties": {"type": {"enum": ["dashboards", "link"]}},
            },
        },
        "templating": {
            "type": "object",
            "required": ["list"],
            "properties": {
                "list": {
                    "type": "array",
                    "items": {
                        "type": "object",
                        "required": ["name", "type", "query"],
                        "properties": {
                            "type": {"enum": ["datasource", "query"]},
                            "refresh": {"enum": [0, 1, 2]},
                            "sort": {"type": "integer", "minimum": 0, "maximum": 8},
                        },
                    },
                }
            },
        },
        "panels": {
            "type": "array",
            "minItems": 1,
            "items": {
                "type": "object",
                "required": ["id", "type", "title", "gridPos", "targets", "datasource"],
                "properties": {
                    "id": {"type": "integer", "minimum": 1},
                    "type": {"enum": ["timeseries", "stat", "table"]},
                    "title": {"type": "string", "minLength": 1},
                    "datasource": {
                        "type": "object",
                        "required": ["type", "uid"],
                        "properties": {"type": {"const": "prometheus"}},
                    },
                    "gridPos": {
                        "type": "object",
                        "required": ["h", "w", "x", "y"],
                        "properties": {
                            "h": {"type": "integer", "minimum": 1},
                            "w": {"type": "integer", "minimum": 1, "maximum": 24},
                            "x": {"type": "integer", "minimum": 0, "maximum": 23},
                            "y": {"type": "integer", "minimum": 0},
                        },
                    },
                    "targets": {
                        "type": "array",
                        "minItems": 1,
                        "maxItems": 26,
                        "items": {
                            "type": "object",
                            "required": ["refId", "expr", "datasource"],
                            "properties": {
                                "refId": {"type": "string", "pattern": "^[A-Z]$"},
                                "expr": {"type": "string", "minLength": 1},
                            },
                        },
                    },
                },
            },
        },
    },
}


@pytest.mark.parametrize("dashboard", DASHBOARDS, ids=lambda each: each.name)
def test_each_dashboard_is_one_that_grafana_reads(dashboard: Any) -> None:
    made = model(dashboard)
    jsonschema.validate(made, DASHBOARD_SCHEMA)
    assert json.loads(FILES[f"grafana/dashboards/{dashboard.name}.json"]) == made
    places = [tuple(panel["gridPos"].values()) for panel in made["panels"]]
    assert len({panel["id"] for panel in made["panels"]}) == len(set(places)) == len(places)
    known = {f"${each['name']}" for each in made["templating"]["list"]} | {"$__rate_interval"}
    asked = set(
        re.findall(r"\$\w+", " ".join(q["expr"] for p in made["panels"] for q in p["targets"]))
    )
    assert asked <= known


def test_each_alert_has_a_page_and_links_to_it() -> None:
    (group,) = yaml.safe_load(FILES["prometheus/rules/ramet-alerts.yml"])["groups"]
    assert [rule["alert"] for rule in group["rules"]] == [alert.name for alert in ALERTS]
    for rule, alert in zip(group["rules"], ALERTS, strict=True):
        assert (
            rule["annotations"]["runbook_url"] == f"https://shop.example/runbooks/{alert.name}.md"
        )
        assert rule["expr"] == alert.expr
        page = FILES[f"runbooks/{alert.name}.md"]
        assert all(text in page for text in (alert.means, *alert.look, *alert.mend))


def test_each_command_of_a_runbook_exists() -> None:
    named = {
        tuple(each.split()[1:3])
        for alert in ALERTS
        for text in (*alert.look, *alert.mend)
        for each in re.findall(r"`(ramet [a-z][^`]*)`", text)
    }
    assert len(named) > 8
    for command, *rest in named:
        module = importlib.import_module(f"ramet.cli.{command}")
        if hasattr(module, "app"):
            assert rest[0] in module.app, (command, rest)


def test_the_documentation_has_the_same_runbooks() -> None:
    pages = {path.name: path.read_text() for path in (ROOT / "docs/runbooks").glob("*.md")}
    assert pages == runbooks(), "python -m tests.documents writes them anew"


def test_every_service_and_envoy_are_scraped_at_one_address() -> None:
    jobs = yaml.safe_load(FILES["prometheus/prometheus.yml"])["scrape_configs"]
    paths = {job["job_name"]: job["metrics_path"] for job in jobs}
    assert paths["ramet-orders"] == "/orders"
    assert paths["ramet-envoy"] == "/envoy"
    assert len(paths) == 6


def test_objectives_are_shares() -> None:
    assert all(0.9 < each.share < 1 for each in OBJECTIVES)


@pytest.mark.parametrize(
    "value",
    [
        {"a": "yes", "b": "1", "c": "x: y", "d": "- z", "e": "", "f": " padded "},
        {"number": 3, "switch": True, "empty": [], "none": {}},
        {"long": "word " * 60 + "end", "lines": "one\ntwo\n" + "three " * 40 + "end"},
        {"list": [{"a": "b", "c": [{"d": "e"}]}, "text", ["inner"]]},
        {"quotes": "he said \"no\" and it's 'so' # not a comment"},
    ],
)
def test_what_is_written_as_yaml_is_read_as_it_was(value: Any) -> None:
    assert yaml.safe_load(plain_yaml.dump(value, "a comment\nof two lines")) == value
