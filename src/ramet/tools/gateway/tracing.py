"""Envoy's own spans, sent to an OTLP collector: the gateway's, and before programs without any.

The gateway decides which requests are sampled: a client's `traceparent` may give the trace its id,
but not have it kept. Behind the gateway everybody goes by what it decided.
"""

from __future__ import annotations

from typing import Any

from ramet.system import Service, System
from ramet.tools.gateway import clusters, paths
from ramet.tools.gateway.topology import Topology

__all__ = ["before", "cluster", "distrust", "edge", "runtime"]

_CLUSTER = "telemetry"
_TRACER = "type.googleapis.com/envoy.config.trace.v3.OpenTelemetryConfig"
_RESOURCE = (
    "type.googleapis.com/envoy.extensions.tracers.opentelemetry.resource_detectors.v3"
    ".StaticConfigResourceDetectorConfig"
)

# A service may call its requests what it likes. By default Envoy traces none whose id is no UUID,
# and notes in one that is that it does, so that the id is another one afterwards. The gateway
# makes its ids itself, and needs them: without, Envoy would sample everything.
_REQUEST_IDS = {
    "typed_config": {
        "@type": "type.googleapis.com/envoy.extensions.request_id.uuid.v3.UuidRequestIdConfig",
        "pack_trace_reason": False,
        "use_request_id_for_trace_sampling": False,
    }
}


def cluster(topology: Topology) -> dict[str, Any] | None:
    """The way to the collector; None where there is none."""
    if topology.telemetry is None:
        return None
    return clusters.foreign(
        _CLUSTER, topology.telemetry, str(topology.ca_bundle), clusters.http11()
    )


def runtime() -> dict[str, Any]:
    """A layer of Envoy's runtime: spans are shown within a second, and not sent five at a time."""
    return {
        "name": "telemetry",
        "static_layer": {
            "tracing.opentelemetry.flush_interval_ms": 1000,
            "tracing.opentelemetry.min_flush_spans": 200,
        },
    }


def edge(system: System, topology: Topology) -> dict[str, Any]:
    """The fields of the gateway's connection manager."""
    return _tracing(system, topology, "gateway", "gateway", system.telemetry.sample)


def before(system: System, topology: Topology, service: Service) -> dict[str, Any]:
    """The fields of the connection manager before a service, for what others ask of it.

    Nothing before a Django service. Its own span begins a fraction of a millisecond later and says
    more, and Envoy's would be a thirtieth of what a call costs (benchmarks/telemetry_cost.py).
    """
    if service.is_django:
        return {}
    # All of what the sender has sampled. What comes without a trace begins one that is, too.
    found = _tracing(system, topology, "mesh", service.name, 1.0)
    return found and {**found, "request_id_extension": _REQUEST_IDS}


def _tracing(
    system: System, topology: Topology, name: str, service: str, sample: float
) -> dict[str, Any]:
    if topology.telemetry is None:
        return {}
    tracer = {
        "@type": _TRACER,
        "http_service": {
            "http_uri": {
                "uri": f"{topology.telemetry.rstrip('/')}/v1/traces",
                "cluster": _CLUSTER,
                "timeout": "2s",
            },
            "request_headers_to_add": [_said(*each) for each in topology.telemetry_headers],
        },
        "service_name": name,
        "resource_detectors": [
            {
                "name": "envoy.tracers.opentelemetry.resource_detectors.static_config",
                "typed_config": {
                    "@type": _RESOURCE,
                    "attributes": {
                        "service.namespace": system.name,
                        "ramet.role": name,
                        "ramet.service": service,
                    },
                },
            }
        ],
    }
    return {
        "tracing": {
            "provider": {"name": "envoy.tracers.opentelemetry", "typed_config": tracer},
            "random_sampling": {"value": sample * 100},
            "operation": "%REQ(:METHOD)%",
            # Of the path, which Envoy tells with its query, nothing but the slash; then without.
            "max_path_tag_length": 1,
            "custom_tags": [
                {"tag": "url.path", "value": paths.TOLD_OF_SAMPLED},
            ],
        }
    }


def _said(name: str, value: str) -> dict[str, Any]:
    # Envoy reads what is between two % as a command.
    header = {"key": name, "value": value.replace("%", "%%")}
    return {"header": header, "append_action": "OVERWRITE_IF_EXISTS_OR_ADD"}


def distrust() -> dict[str, Any]:
    """An early header mutation: a trace that goes on from outside is sampled as any other.

    Envoy samples such a request if its parent is sampled and, besides, `random_sampling` says so.
    So the flag at the end of `traceparent` is set, whatever the client has put there.
    """
    return {
        "append": {
            "header": {"key": "traceparent", "value": "%REQ(TRACEPARENT):53%01"},
            "append_action": "OVERWRITE_IF_EXISTS",
        }
    }
