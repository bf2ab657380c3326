"""Long transactions over several services."""

from ramet.tools.observability.asking import narrowed, rate, slowest
from ramet.tools.observability.grafana import Dashboard, Panel, Query

__all__ = ["SAGAS"]

_SAGA = '{ramet_saga=~"$saga"}'

SAGAS = Dashboard(
    "sagas",
    "Sagas",
    "Long transactions over several services: how they end, and where they stand.",
    (
        Panel(
            "Started and ended",
            "By outcome.",
            "cps",
            (
                Query(rate(f"ramet_sagas_started_total{_SAGA}", "ramet_saga"), "{{ramet_saga}}"),
                Query(
                    rate(f"ramet_sagas_ended_total{_SAGA}", "ramet_saga, ramet_outcome"),
                    "{{ramet_saga}} {{ramet_outcome}}",
                ),
            ),
        ),
        Panel(
            "Runs that have not ended",
            "By where they stand; stuck ones need a person.",
            "short",
            (
                Query(
                    f"max by (ramet_saga, status) (ramet_sagas_runs{_SAGA})",
                    "{{ramet_saga}} {{status}}",
                ),
            ),
        ),
        Panel(
            "Steps",
            "Attempts that did not succeed, by step.",
            "cps",
            (
                Query(
                    rate(
                        "ramet_sagas_step_duration_seconds_count"
                        + narrowed(_SAGA, 'ramet_outcome!="done"'),
                        "ramet_saga, ramet_step, ramet_outcome",
                    ),
                    "{{ramet_saga}}.{{ramet_step}} {{ramet_outcome}}",
                ),
            ),
        ),
        Panel(
            "Duration of steps",
            "95% of the attempts are quicker.",
            "s",
            (
                Query(
                    slowest(
                        0.95, "ramet_sagas_step_duration_seconds", _SAGA, "ramet_saga, ramet_step"
                    ),
                    "{{ramet_saga}}.{{ramet_step}}",
                ),
            ),
        ),
        Panel(
            "Age",
            "Of the oldest live run, and of the oldest that is stuck.",
            "s",
            (
                Query(
                    f"max by (ramet_saga) (ramet_sagas_oldest_running_seconds{_SAGA})",
                    "{{ramet_saga}} oldest",
                ),
                Query(
                    f"max by (ramet_saga) (ramet_sagas_oldest_stuck_seconds{_SAGA})",
                    "{{ramet_saga}} stuck",
                ),
            ),
        ),
        Panel(
            "Versions without code",
            "1: runs wait for a class that was deployed away.",
            "short",
            (
                Query(
                    f"max by (ramet_saga, version) (ramet_sagas_without_code{_SAGA})",
                    "{{ramet_saga}} {{version}}",
                ),
            ),
        ),
    ),
    (("saga", "Saga", "label_values(ramet_sagas_started_total, ramet_saga)"),),
)
