"""All files for a system: their paths in the folder, and what is in them."""

from __future__ import annotations

import json

from ramet.system import System, placement
from ramet.tools.observability import plain_yaml, prometheus, runbooks
from ramet.tools.observability.alerts import ALERTS
from ramet.tools.observability.dashboards import DASHBOARDS
from ramet.tools.observability.grafana import model

__all__ = ["files"]

_README = """# Watching {system}

Made by `ramet export observability`. The files are yours: change what you like. Made again, a file
that you changed stays as it is, and what would be new in it is shown.

| file | what it is for |
| --- | --- |
| `prometheus/prometheus.yml` | an example of what to scrape; alerts go by the names of the jobs |
| `prometheus/rules/` | shares of what went wrong, recorded, and alerts on them |
| `grafana/dashboards/` | six dashboards: import them, or mount the folder as the provider says |
| `grafana/provisioning/` | the provider, and Prometheus as a data source |
| `runbooks/` | a page for each alert; give `--runbooks URL` where you publish them |
"""


def files(system: System, placed: str, runbooks_url: str) -> dict[str, str]:
    """The text of each file by its path. `placed` is the placement, as `ramet up --as` takes it;
    `runbooks_url` is where the runbooks will be read."""
    groups = placement(system, placed)
    found = {
        "README.md": _README.format(system=system.name),
        "prometheus/prometheus.yml": prometheus.configuration(system, groups),
        "prometheus/rules/ramet-objectives.yml": prometheus.recorded(),
        "prometheus/rules/ramet-alerts.yml": prometheus.alert_rules(runbooks_url),
        "grafana/provisioning/dashboards/ramet.yml": _provider(),
        "grafana/provisioning/datasources/prometheus.yml": _data_source(),
        "runbooks/README.md": runbooks.overview(),
    }
    for dashboard in DASHBOARDS:
        text = json.dumps(model(dashboard), indent=2, ensure_ascii=False)
        found[f"grafana/dashboards/{dashboard.name}.json"] = text + "\n"
    for alert in ALERTS:
        found[f"runbooks/{alert.name}.md"] = runbooks.page(alert)
    return found


def _provider() -> str:
    provider: plain_yaml.Value = {
        "name": "ramet",
        "folder": "Ramet",
        "type": "file",
        "allowUiUpdates": True,
        "options": {"path": "/var/lib/grafana/dashboards/ramet"},
    }
    return plain_yaml.dump(
        {"apiVersion": 1, "providers": [provider]}, "Mount grafana/dashboards at this path."
    )


def _data_source() -> str:
    source: plain_yaml.Value = {
        "name": "Prometheus",
        "type": "prometheus",
        "access": "proxy",
        "url": "http://prometheus:9090",
        "isDefault": True,
    }
    return plain_yaml.dump({"apiVersion": 1, "datasources": [source]})
