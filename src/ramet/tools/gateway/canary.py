"""A share of a service's requests for another version of it."""

from collections.abc import Iterator
from typing import Any

from ramet.system import Gateway, Service, Switches

__all__ = ["canary_cluster", "destination", "visitors"]

_COOKIE = "ramet-version"
_REQUEST_ID = "x-request-id"
_A_DAY = 86400


def canary_cluster(service: Service) -> str:
    """The cluster of the other version: no service's name has a slash."""
    return f"{service.name}/canary"


def destination(service: Service, switches: Switches) -> dict[str, Any]:
    """The part of a route's action that says where to: one cluster, or two with their weights.

    With `sticky` a cookie's hash decides instead of chance. Of a visitor without one it is the hash
    of the request's id, which becomes the cookie: so the first answer counts already, and a growing
    weight moves visitors towards the canary only.
    """
    if service.canary is None:
        return {"cluster": service.name}
    weight = switches.weight(service.name, service.canary.weight)
    clusters: dict[str, Any] = {
        "clusters": [
            # First, so that a hash that met the canary at 10% meets it at 20% too.
            {"name": canary_cluster(service), "weight": weight},
            {"name": service.name, "weight": 100 - weight},
        ]
    }
    if not service.canary.sticky:
        return {"weighted_clusters": clusters}
    return {
        "weighted_clusters": clusters | {"use_hash_policy": True},
        "hash_policy": [
            {"cookie": {"name": _COOKIE}, "terminal": True},
            {"header": {"header_name": _REQUEST_ID}},
        ],
    }


def visitors(
    service: Service, gateway: Gateway
) -> Iterator[tuple[list[dict[str, Any]], list[dict[str, Any]]]]:
    """The kinds of visitors that need routes of their own, first match first: header matchers, and
    headers to add to answers. Those without the cookie are given one."""
    if service.canary is not None and service.canary.sticky:
        present = {"safe_regex": {"regex": rf"(.*;)? *{_COOKIE}=.*"}}
        yield [{"name": "cookie", "string_match": present}], []
        secure = "; Secure" if gateway.tls != "off" else ""
        cookie = f"{_COOKIE}=%REQ({_REQUEST_ID})%; Max-Age={_A_DAY}; Path=/; HttpOnly; SameSite=Lax"
        append = "APPEND_IF_EXISTS_OR_ADD"
        header = {"key": "set-cookie", "value": cookie + secure}
        yield [], [{"header": header, "append_action": append}]
    else:
        yield [], []
