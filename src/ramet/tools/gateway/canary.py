"""A share of a service's requests for another version of it."""

from collections.abc import Iterator
from typing import Any

from ramet.system import Gateway, Service, Switches, System
from ramet.tools.gateway import clusters, mesh_tls
from ramet.tools.gateway.mesh_routes import CALLER
from ramet.tools.gateway.topology import Topology

__all__ = ["USER", "cluster", "destination", "is_sticky_somewhere", "visitors"]

USER = "x-ramet-user"
"""A header that the check of tokens sets for the choice alone, and that goes no further."""
_COOKIE = "ramet-version"
_REQUEST_ID = "x-request-id"
_A_DAY = 86400


def cluster(system: System, topology: Topology, service: Service) -> dict[str, Any]:
    """The cluster of a service's other version, which the service must have.

    At an address there is its mesh listener, which has to prove that it is this service; a socket
    is its process's own, as `<service>.web.sock` is.
    """
    assert service.canary
    address = service.canary.address
    tls = mesh_tls.client_side(system, topology, mesh_tls.GATEWAY, service.name)
    return clusters.cluster(_name(service), [address], None if _is_socket(address) else tls)


def _name(service: Service) -> str:
    return f"{service.name}/canary"  # no service's name has a slash


def _is_socket(address: str) -> bool:
    return address.startswith("/")


def destination(system: System, service: Service, switches: Switches) -> dict[str, Any]:
    """The part of a route's action that says where to: one cluster, or two with their weights.

    With `sticky` a hash decides instead of chance: of the user where there is a token, else of a
    cookie. Of a visitor without either it is that of the request's id, which becomes the cookie: so
    the first answer counts already. A growing weight moves people towards the canary only.
    """
    if service.canary is None:
        return {"cluster": service.name}
    weight = switches.weight(service.name, service.canary.weight)
    other: dict[str, Any] = {"name": _name(service), "weight": weight}
    if _is_socket(service.canary.address):
        # No mesh listener is on the way that would say so.
        caller = {"key": CALLER, "value": mesh_tls.identity(system, mesh_tls.GATEWAY)}
        other["request_headers_to_add"] = [{"header": caller}]
    # The other first, so that a hash that met it at 10% meets it at 20% too.
    weighted: dict[str, Any] = {"clusters": [other, {"name": service.name, "weight": 100 - weight}]}
    if not service.canary.sticky:
        return {"weighted_clusters": weighted}
    return {
        "weighted_clusters": weighted | {"use_hash_policy": True},
        "hash_policy": [
            {"header": {"header_name": USER}, "terminal": True},
            {"cookie": {"name": _COOKIE}, "terminal": True},
            {"header": {"header_name": _REQUEST_ID}},
        ],
    }


def is_sticky_somewhere(system: System) -> bool:
    """Whether any service has a canary whose share goes by user."""
    canaries = [service.canary for service in system.services.values()]
    return any(canary.sticky for canary in canaries if canary)


def visitors(
    service: Service, gateway: Gateway
) -> Iterator[tuple[list[dict[str, Any]], list[dict[str, Any]]]]:
    """The kinds of visitors that need routes of their own, first match first: header matchers, and
    headers to add to answers. Those who have neither a token nor the cookie are given one."""
    if service.canary is not None and service.canary.sticky:
        present = {"safe_regex": {"regex": rf"(.*;)? *{_COOKIE}=.*"}}
        yield [{"name": USER, "present_match": True}], []
        yield [{"name": "cookie", "string_match": present}], []
        secure = "; Secure" if gateway.tls != "off" else ""
        cookie = f"{_COOKIE}=%REQ({_REQUEST_ID})%; Max-Age={_A_DAY}; Path=/; HttpOnly; SameSite=Lax"
        append = "APPEND_IF_EXISTS_OR_ADD"
        header = {"key": "set-cookie", "value": cookie + secure}
        yield [], [{"header": header, "append_action": append}]
    else:
        yield [], []
