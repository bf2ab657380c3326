"""The declared rates as envoyproxy/ratelimit reads them, for teams that run it already."""

from typing import Any

from ramet.system import System, rates

__all__ = ["configuration"]

_UNITS = {1: "second", 60: "minute", 3600: "hour"}


def configuration(system: System) -> dict[str, Any]:
    """One file of its configuration (https://github.com/envoyproxy/ratelimit#configuration).

    JSON of it is what it reads too, being YAML. It counts in fixed windows: at the seam of two it
    admits up to twice a rate.
    """
    scopes: dict[str, list[dict[str, Any]]] = {}
    for by, key in rates.KINDS.items():
        for scope, rate in rates.declared(system, by).items():
            limit = {"unit": _UNITS[rate.seconds], "requests_per_unit": rate.requests}
            scopes.setdefault(scope, []).append({"key": key, "rate_limit": limit})
    return {
        "domain": system.name,
        "descriptors": [
            {"key": rates.SCOPE, "value": scope, "descriptors": inner}
            for scope, inner in scopes.items()
        ],
    }
