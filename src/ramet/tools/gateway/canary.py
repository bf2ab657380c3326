"""A share of a service's requests for another version of it."""

from typing import Any

from ramet.system import Service, Switches

__all__ = ["canary_cluster", "destination"]

_COOKIE = "ramet-version"
_A_DAY = "86400s"


def canary_cluster(service: Service) -> str:
    """The cluster of the other version: no service's name has a slash."""
    return f"{service.name}/canary"


def destination(service: Service, switches: Switches) -> dict[str, Any]:
    """The part of a route's action that says where to: one cluster, or two with their weights.

    With `sticky` a cookie decides and not the dice, so a browser stays where it was as long as the
    weight does; when it grows, browsers only move towards the canary.
    """
    if service.canary is None:
        return {"cluster": service.name}
    weight = switches.weight(service.name, service.canary.weight)
    clusters = {
        "clusters": [
            # First, so that a hash that met the canary at 10% meets it at 20% too.
            {"name": canary_cluster(service), "weight": weight},
            {"name": service.name, "weight": 100 - weight},
        ]
    }
    if not service.canary.sticky:
        return {"weighted_clusters": clusters}
    cookie = {"name": _COOKIE, "ttl": _A_DAY, "path": "/"}
    return {
        "weighted_clusters": clusters | {"use_hash_policy": True},
        "hash_policy": [{"cookie": cookie}],
    }
