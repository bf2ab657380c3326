"""A page for each alert: what it is, where to look, what helps."""

from __future__ import annotations

from ramet.tools.observability.alerts import ALERTS, Alert

__all__ = ["overview", "page"]

_SEVERITIES = {
    "page": "Somebody gets up for it.",
    "ticket": "It can wait for the next working day.",
}


def page(alert: Alert) -> str:
    """The runbook of one alert, as Markdown."""
    return "\n".join(
        [
            f"# {alert.name}",
            "",
            alert.means,
            "",
            f"*{alert.severity}*: {_SEVERITIES[alert.severity]}"
            f" It is raised after {alert.lasting} of",
            "",
            "```promql",
            alert.expr,
            "```",
            "",
            "## Look",
            "",
            *(f"{number}. {each}" for number, each in enumerate(alert.look, 1)),
            "",
            "## Mend",
            "",
            *(f"- {each}" for each in alert.mend),
            "",
        ]
    )


def overview() -> str:
    """The list of all runbooks."""
    rows = [
        f"| [{alert.name}]({alert.name}.md) | {alert.severity} | {alert.means} |"
        for alert in ALERTS
    ]
    head = ["# Runbooks", "", "| alert | severity | what it is |", "| --- | --- | --- |"]
    return "\n".join([*head, *rows, ""])
