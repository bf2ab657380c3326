"""From publisher to handler."""

from ramet.tools.observability.asking import rate, slowest
from ramet.tools.observability.grafana import Dashboard, Panel, Query

__all__ = ["EVENTS"]

_HANDLER = '{ramet_handler=~"$handler"}'

EVENTS = Dashboard(
    "events",
    "Events",
    "From publisher to handler: what flows, what waits, what failed.",
    (
        Panel(
            "Published",
            "Committed, by type.",
            "cps",
            (
                Query(
                    rate("ramet_events_published_total", "messaging_destination_name"),
                    "{{messaging_destination_name}}",
                ),
            ),
        ),
        Panel(
            "Sent, and not taken",
            "What left the outbox, and what the broker did not acknowledge.",
            "cps",
            (
                Query(rate("ramet_events_sent_total", "job"), "{{job}} sent"),
                Query(rate("ramet_events_send_failed_total", "job"), "{{job}} not taken"),
            ),
        ),
        Panel(
            "Received",
            "What the broker delivered.",
            "cps",
            (Query(rate("ramet_events_received_total", "job"), "{{job}}"),),
        ),
        Panel(
            "Handled",
            "Attempts by handler and outcome.",
            "cps",
            (
                Query(
                    rate(
                        f"ramet_events_handler_duration_seconds_count{_HANDLER}",
                        "ramet_handler, ramet_outcome",
                    ),
                    "{{ramet_handler}} {{ramet_outcome}}",
                ),
            ),
        ),
        Panel(
            "Duration of handlers",
            "95% of the attempts are quicker.",
            "s",
            (
                Query(
                    slowest(
                        0.95, "ramet_events_handler_duration_seconds", _HANDLER, "ramet_handler"
                    ),
                    "{{ramet_handler}}",
                ),
            ),
        ),
        Panel(
            "Waiting",
            "Events in the inbox, and of them those that are tried again or held.",
            "short",
            tuple(
                Query(
                    f"max by (ramet_handler) ({name}{_HANDLER})", f"{{{{ramet_handler}}}} {legend}"
                )
                for name, legend in (
                    ("ramet_events_waiting", "waiting"),
                    ("ramet_events_retrying", "retrying"),
                    ("ramet_events_held", "held"),
                )
            ),
        ),
        Panel(
            "Lag",
            "Age of the oldest event that waits: to be handled, and to be sent.",
            "s",
            (
                Query(
                    f"max by (ramet_handler) (ramet_events_oldest_waiting_seconds{_HANDLER})",
                    "{{ramet_handler}}",
                ),
                Query("max by (job) (ramet_events_oldest_unsent_seconds)", "{{job}} outbox"),
            ),
        ),
        Panel(
            "Outbox and dead letters",
            "What waits to be sent, is scheduled, and needs a person.",
            "short",
            (
                Query("max by (job) (ramet_events_unsent)", "{{job}} unsent"),
                Query("max by (job) (ramet_events_scheduled)", "{{job}} scheduled"),
                Query(
                    f"max by (ramet_handler) (ramet_events_dead{_HANDLER})",
                    "{{ramet_handler}} dead",
                ),
            ),
        ),
    ),
    (("handler", "Handler", "label_values(ramet_events_waiting, ramet_handler)"),),
)
