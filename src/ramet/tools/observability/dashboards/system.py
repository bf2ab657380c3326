"""Every service at a glance."""

from ramet.tools.observability.asking import CALLS, REQUESTS, rate
from ramet.tools.observability.grafana import Dashboard, Panel, Query
from ramet.tools.observability.objectives import OBJECTIVES

__all__ = ["SYSTEM"]

SYSTEM = Dashboard(
    "system",
    "System",
    "Every service at a glance: what is asked of it, what goes wrong, how long it takes.",
    (
        Panel(
            "Requests",
            "What Django answers, by service.",
            "reqps",
            (Query(rate(f"{REQUESTS}_count", "ramet_service"), "{{ramet_service}}"),),
        ),
        Panel(
            "Failed requests",
            "The share that a server's error answers.",
            "percentunit",
            (Query(OBJECTIVES[0].recorded("5m"), "{{ramet_service}}"),),
        ),
        Panel(
            "Slow requests",
            "The share that takes more than half a second.",
            "percentunit",
            (Query(OBJECTIVES[1].recorded("5m"), "{{ramet_service}}"),),
        ),
        Panel(
            "Failed calls",
            "The share that is the callee's fault.",
            "percentunit",
            (Query(OBJECTIVES[2].recorded("5m"), "{{ramet_callee}}"),),
        ),
        Panel(
            "Failed fetches",
            "The share that is the callee's fault.",
            "percentunit",
            (Query(OBJECTIVES[3].recorded("5m"), "{{ramet_callee}}"),),
        ),
        Panel(
            "Who calls whom",
            "Calls between services, as the callers count them.",
            "reqps",
            (
                Query(
                    rate(f"{CALLS}_count", "ramet_caller, ramet_callee"),
                    "{{ramet_caller}} to {{ramet_callee}}",
                ),
            ),
        ),
        Panel(
            "Answers Prometheus",
            "1: some process of the service does.",
            "short",
            (Query('max by (job) (up{job=~"ramet-.*"})', "{{job}}"),),
        ),
        Panel(
            "Behind with events",
            "Age of the oldest event that waits, of the worst handler.",
            "s",
            (Query("max by (job) (ramet_events_oldest_waiting_seconds)", "{{job}}"),),
        ),
        Panel(
            "Needs a person",
            "Dead letters and stuck sagas.",
            "short",
            (
                Query(
                    "sum by (job) (max by (job, ramet_handler) (ramet_events_dead))",
                    "{{job}}: dead letters",
                ),
                Query(
                    "sum by (job) (max by (job, ramet_saga, version)"
                    ' (ramet_sagas_runs{status="stuck"}))',
                    "{{job}}: stuck sagas",
                ),
            ),
        ),
    ),
)
