"""Calls between services, from both ends."""

from ramet.tools.observability.asking import CALLS, FETCHES, SERVED, narrowed, rate, slowest
from ramet.tools.observability.grafana import Dashboard, Panel, Query

__all__ = ["OPERATIONS"]

_EITHER = f'{{__name__=~"{CALLS}_count|{FETCHES}_count"}}'
_CALLEE = '{ramet_callee=~"$callee"}'

OPERATIONS = Dashboard(
    "operations",
    "Operations",
    "Calls and fetches between services, as callers and callees see them.",
    (
        Panel(
            "Calls",
            "By operation, as their callers count them.",
            "reqps",
            (Query(rate(f"{CALLS}_count{_CALLEE}", "ramet_operation"), "{{ramet_operation}}"),),
        ),
        Panel(
            "Calls that did not succeed",
            "By Connect's code. permission_denied, failed_precondition and the like are a no, no"
            " fault.",
            "reqps",
            (
                Query(
                    rate(
                        f"{CALLS}_count" + narrowed(_CALLEE, 'rpc_response_status_code!="ok"'),
                        "ramet_operation, rpc_response_status_code",
                    ),
                    "{{ramet_operation}} {{rpc_response_status_code}}",
                ),
            ),
        ),
        Panel(
            "Duration for the caller",
            "95% are quicker; with the way through the mesh.",
            "s",
            (Query(slowest(0.95, CALLS, _CALLEE, "ramet_operation"), "{{ramet_operation}}"),),
        ),
        Panel(
            "Duration at the callee",
            "95% are quicker; the work alone.",
            "s",
            (Query(slowest(0.95, SERVED, _CALLEE, "ramet_operation"), "{{ramet_operation}}"),),
        ),
        Panel(
            "Who calls",
            "By caller and operation.",
            "reqps",
            (
                Query(
                    rate(f"{CALLS}_count{_CALLEE}", "ramet_caller, ramet_operation"),
                    "{{ramet_caller}}: {{ramet_operation}}",
                ),
            ),
        ),
        Panel(
            "Fetches",
            "Uses of ramet.fetch by callee and outcome: the status, or why there was none.",
            "reqps",
            (
                Query(
                    rate(f"{FETCHES}_count{_CALLEE}", "ramet_callee, ramet_outcome"),
                    "{{ramet_callee}} {{ramet_outcome}}",
                ),
            ),
        ),
        Panel(
            "Duration of fetches",
            "95% are quicker, for the caller; with the way through the mesh.",
            "s",
            (
                Query(
                    slowest(0.95, FETCHES, _CALLEE, "ramet_caller, ramet_callee"),
                    "{{ramet_caller}} to {{ramet_callee}}",
                ),
            ),
        ),
    ),
    (("callee", "Callee", f"label_values({_EITHER}, ramet_callee)"),),
)
