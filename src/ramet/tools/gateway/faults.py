"""Faults that an operator has switched on, as Envoy's fault filter makes them.

In front of a service, so that they befall the gateway's requests and every caller's alike, after
the caller's rights were looked at. Without a fault the filter is there and disabled: what is
switched is a route, which holds for open connections too, and no listener.

What a fault answers is no lost connection. So the mesh does not try it again, as it tries nothing
again that a service answers; a delay counts against the caller's deadline, retries included.
https://www.envoyproxy.io/docs/envoy/latest/configuration/http/http_filters/fault_filter
"""

from collections.abc import Iterable
from typing import Any

from ramet.system import Fault
from ramet.tools.gateway import clusters

__all__ = ["NOBODY", "at_operation", "at_service", "fault_filter", "nobody"]

NOBODY = "nobody"
"""The cluster without anybody in it, where requests for a service go that is gone."""

_NAME = "envoy.filters.http.fault"
_TYPE = "type.googleapis.com/envoy.extensions.filters.http.fault.v3.HTTPFault"


def fault_filter() -> dict[str, Any]:
    """The filter, which does nothing until a route says what."""
    return {"name": _NAME, "disabled": True, "typed_config": {"@type": _TYPE}}


def nobody() -> dict[str, Any]:
    """The cluster NOBODY."""
    return clusters.cluster(NOBODY, [])


def at_service(fault: Fault, host: dict[str, Any]) -> dict[str, Any]:
    """A service's virtual host with `fault` at each of its routes that has none of its own."""
    if fault.is_gone:
        return {**host, "routes": [_to_nobody(route) for route in host["routes"]]}
    return {**host, "typed_per_filter_config": _of(fault)}


def at_operation(faults: Iterable[Fault], route: dict[str, Any]) -> list[dict[str, Any]]:
    """The route of a contract's operations, behind one for each of those that have a fault.

    The route must match a prefix, and the faults be at operations below it.
    """
    prefix: str = route["match"]["prefix"]
    found = []
    for fault in faults:
        name = fault.operation.rpartition("/")[2]
        of_one = {**route, "match": {"path": f"{prefix}{name}"}}
        filters = {**route.get("typed_per_filter_config", {}), **_of(fault)}
        found.append(
            _to_nobody(of_one) if fault.is_gone else {**of_one, "typed_per_filter_config": filters}
        )
    return [*found, route]


def _of(fault: Fault) -> dict[str, Any]:
    """The filter's configuration for a route. Nobody may ask for a fault by a header."""
    share = {"numerator": fault.share, "denominator": "HUNDRED"}
    config: dict[str, Any] = {"@type": _TYPE}
    if fault.delay:
        config["delay"] = {"fixed_delay": f"{fault.delay / 1000:g}s", "percentage": share}
    if fault.status:
        config["abort"] = {"http_status": fault.status, "percentage": share}
    return {_NAME: config}


def _to_nobody(route: dict[str, Any]) -> dict[str, Any]:
    if "route" not in route:  # ends here anyway
        return route
    return {**route, "route": {**route["route"], "cluster": NOBODY}}
