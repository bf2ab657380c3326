"""What Envoy sees: from outside, and between services."""

from ramet.tools.observability.asking import rate, slowest
from ramet.tools.observability.grafana import Dashboard, Panel, Query

__all__ = ["GATEWAY"]

_AT_THE_GATEWAY = '{envoy_http_conn_manager_prefix="gateway"}'

GATEWAY = Dashboard(
    "gateway",
    "Gateway and mesh",
    "What Envoy sees: everything from outside, and every hop between services.",
    (
        Panel(
            "Requests from outside",
            "By class of status.",
            "reqps",
            (
                Query(
                    rate(
                        f"envoy_http_downstream_rq_xx{_AT_THE_GATEWAY}",
                        "envoy_response_code_class",
                    ),
                    "{{envoy_response_code_class}}xx",
                ),
            ),
        ),
        Panel(
            "Duration",
            "Of whole answers, in milliseconds.",
            "ms",
            tuple(
                Query(
                    slowest(
                        share,
                        "envoy_http_downstream_rq_time",
                        _AT_THE_GATEWAY,
                        "envoy_http_conn_manager_prefix",
                    ),
                    legend,
                )
                for share, legend in ((0.5, "p50"), (0.95, "p95"), (0.99, "p99"))
            ),
        ),
        Panel(
            "Open connections and requests",
            "At the gateway now.",
            "short",
            (
                Query(f"sum(envoy_http_downstream_cx_active{_AT_THE_GATEWAY})", "connections"),
                Query(f"sum(envoy_http_downstream_rq_active{_AT_THE_GATEWAY})", "requests"),
            ),
        ),
        Panel(
            "Tokens refused",
            "By the gateway; and fetches of keys that failed.",
            "reqps",
            (
                Query("sum(rate(envoy_http_jwt_authn_denied[$__rate_interval]))", "denied"),
                Query(
                    "sum(rate(envoy_http_jwt_authn_jwks_fetch_failed[$__rate_interval]))",
                    "keys not fetched",
                ),
            ),
        ),
        Panel(
            "Hops of the mesh",
            "Requests by hop and class of status.",
            "reqps",
            (
                Query(
                    rate(
                        "envoy_cluster_upstream_rq_xx",
                        "envoy_cluster_name, envoy_response_code_class",
                    ),
                    "{{envoy_cluster_name}} {{envoy_response_code_class}}xx",
                ),
            ),
        ),
        Panel(
            "Retries, time-outs and open breakers",
            "What Envoy did about an upstream that is not well.",
            "reqps",
            (
                Query(
                    rate("envoy_cluster_upstream_rq_retry", "envoy_cluster_name"),
                    "{{envoy_cluster_name}} retried",
                ),
                Query(
                    rate("envoy_cluster_upstream_rq_timeout", "envoy_cluster_name"),
                    "{{envoy_cluster_name}} timed out",
                ),
                Query(
                    rate("envoy_cluster_upstream_rq_pending_overflow", "envoy_cluster_name"),
                    "{{envoy_cluster_name}} refused: breaker open",
                ),
            ),
        ),
        Panel(
            "Certificates",
            "Time until they end. Those of the mesh are renewed at half their day.",
            "s",
            (
                Query(
                    "min by (envoy_tls_certificate)"
                    " (envoy_cluster_ssl_certificate_expiration_unix_time_seconds) - time()",
                    "{{envoy_tls_certificate}}",
                ),
            ),
        ),
        Panel(
            "Memory",
            "Of Envoy.",
            "bytes",
            (Query("envoy_server_memory_allocated", "allocated"),),
        ),
    ),
)
