"""Prometheus's files: the rules, and an example of what to scrape."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ramet.system import Group, System, probes
from ramet.tools.observability import plain_yaml
from ramet.tools.observability.alerts import ALERTS, Alert
from ramet.tools.observability.objectives import recording_rules

__all__ = ["alert_rules", "configuration", "recorded"]


def recorded() -> str:
    """The recording rules: what several dashboards and alerts ask for again and again."""
    group: plain_yaml.Value = {
        "name": "ramet-objectives",
        "interval": "30s",
        "rules": [*recording_rules()],
    }
    return plain_yaml.dump(
        {"groups": [group]},
        "Shares of what went wrong, by service and window, for dashboards and alerts.",
    )


def alert_rules(runbooks: str) -> str:
    """The alerts; `runbooks` is the URL, or the folder, where their pages are."""
    return plain_yaml.dump(
        {"groups": [{"name": "ramet", "rules": [_rule(alert, runbooks) for alert in ALERTS]}]},
        "page: somebody gets up. ticket: within the next working days.",
    )


def _rule(alert: Alert, runbooks: str) -> dict[str, plain_yaml.Value]:
    return {
        "alert": alert.name,
        "expr": alert.expr,
        "for": alert.lasting,
        "labels": {"severity": alert.severity},
        "annotations": {
            "summary": alert.summary,
            "description": alert.means,
            "runbook_url": f"{runbooks.rstrip('/')}/{alert.name}.md",
        },
    }


def configuration(system: System, groups: Iterable[Group]) -> str:
    """`prometheus.yml`: every service once, whichever of its processes answers, and Envoy."""
    host, port = system.telemetry.scrape or ("127.0.0.1", 9464)
    target = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    names = [group.name for group in groups if system.services[group.services[0]].is_django]
    jobs: list[dict[str, Any]] = [
        {
            "job_name": f"ramet-{name}",
            "metrics_path": f"/{name}",
            "static_configs": [{"targets": [target]}],
        }
        for name in (*names, "envoy")
    ]
    document: dict[str, plain_yaml.Value] = {
        "global": {"scrape_interval": "15s", "evaluation_interval": "15s"},
        "rule_files": ["rules/*.yml"],
        "scrape_configs": jobs,
    }
    return plain_yaml.dump(
        document,
        f"""An example for the address of [telemetry] scrape in ramet.toml.
In Kubernetes each pod answers at the port of RAMET_PROBES under {probes.METRICS} instead; keep the
names of the jobs, by which the alerts know services (ramet-NAME).""",
    )
