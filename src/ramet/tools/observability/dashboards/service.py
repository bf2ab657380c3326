"""One service: its routes, its processes, its database."""

from ramet.tools.observability.asking import REQUESTS, narrowed, rate, slowest
from ramet.tools.observability.grafana import Dashboard, Panel, Query

__all__ = ["SERVICE"]

_POOL = "job, db_client_connection_pool_name"
_SERVICE = '{ramet_service=~"$service"}'

SERVICE = Dashboard(
    "service",
    "Service",
    "One service: its routes, and how busy its processes are.",
    (
        Panel(
            "Requests by route",
            "Routes, never paths.",
            "reqps",
            (
                Query(
                    rate(f"{REQUESTS}_count{_SERVICE}", "http_request_method, http_route"),
                    "{{http_request_method}} {{http_route}}",
                ),
            ),
        ),
        Panel(
            "Answers that are errors",
            "By status and route.",
            "reqps",
            (
                Query(
                    rate(
                        f"{REQUESTS}_count"
                        + narrowed(_SERVICE, 'http_response_status_code=~"[45].."'),
                        "http_response_status_code, http_route",
                    ),
                    "{{http_response_status_code}} {{http_route}}",
                ),
            ),
        ),
        Panel(
            "Duration",
            "Half of the requests are quicker than the first, all but one in a hundred than the"
            " last. A point is a request: its trace.",
            "s",
            tuple(
                Query(slowest(share, REQUESTS, _SERVICE, "ramet_service"), legend)
                for share, legend in (
                    (0.5, "{{ramet_service}} p50"),
                    (0.95, "{{ramet_service}} p95"),
                    (0.99, "{{ramet_service}} p99"),
                )
            ),
        ),
        Panel(
            "Slowest routes",
            "95% of the requests of a route are quicker.",
            "s",
            (Query(slowest(0.95, REQUESTS, _SERVICE, "http_route"), "{{http_route}}"),),
        ),
        Panel(
            "Busy threads",
            "The share of threads that are at work: at 1 whatever comes waits.",
            "percentunit",
            (
                Query(
                    "sum by (job, pool) (ramet_threads_busy)"
                    " / sum by (job, pool) (ramet_threads_most)",
                    "{{job}} {{pool}}",
                ),
            ),
        ),
        Panel(
            "Connections to the database",
            "As PostgreSQL counts them.",
            "short",
            (
                Query("max by (job, state) (ramet_database_connections)", "{{job}} {{state}}"),
                Query("max by (job) (ramet_database_connections_most)", "{{job}} at most"),
            ),
        ),
        Panel(
            "Django's pools of connections",
            "Where the option `pool` is on: of all processes together, and who waits for one.",
            "short",
            (
                Query(
                    f"sum by ({_POOL}, db_client_connection_state) (db_client_connection_count)",
                    "{{job}} {{db_client_connection_pool_name}} {{db_client_connection_state}}",
                ),
                Query(
                    f"sum by ({_POOL}) (db_client_connection_max)",
                    "{{job}} {{db_client_connection_pool_name}} at most",
                ),
                Query(
                    f"sum by ({_POOL}) (db_client_connection_pending_requests)",
                    "{{job}} {{db_client_connection_pool_name}} waiting",
                ),
            ),
        ),
        Panel(
            "Waiting for a connection of a pool",
            "Threads that wait, on average; and those that were given none.",
            "short",
            (
                Query(
                    rate("ramet_database_pool_waited_seconds_total", _POOL),
                    "{{job}} {{db_client_connection_pool_name}} waiting",
                ),
                Query(
                    rate("db_client_connection_timeouts_total", _POOL),
                    "{{job}} {{db_client_connection_pool_name}} given none a second",
                ),
            ),
        ),
        Panel(
            "Telemetry that waits",
            "Bytes for the collector. It grows while that is away.",
            "bytes",
            (Query("sum by (job) (ramet_telemetry_waiting)", "{{job}}"),),
        ),
        Panel(
            "Telemetry that was dropped",
            "Nothing else suffers from it.",
            "cps",
            (
                Query(
                    rate("ramet_telemetry_dropped_total", "job, signal, reason"),
                    "{{job}} {{signal}}: {{reason}}",
                ),
            ),
        ),
    ),
    (("service", "Service", f"label_values({REQUESTS}_count, ramet_service)"),),
)
