"""Which rates are declared, and by which words the gateway names to another program what it counts.

It stands here because two tools that know nothing of each other need both: the gateway tells, the
rate limiter counts. The names of the two kinds are those of Envoy's actions, of which a descriptor
gets its keys (envoy.config.route.v3.RateLimit.Action).
"""

import re
from collections.abc import Mapping

from ramet.errors import DiagnosticError, Mistake
from ramet.system.edge import Gateway
from ramet.system.keys import ORIGIN
from ramet.system.model import Service, System
from ramet.system.secrets import resolved
from ramet.system.units import Rate

__all__ = ["KINDS", "SCOPE", "WHOLE", "counted_at", "declared", "is_redis", "rate"]

SCOPE = "generic_key"
"""The key of a descriptor's first entry: a service's name, or WHOLE."""
WHOLE = "gateway"
"""The scope of the gateway's own rates. No service has this name."""
KINDS: Mapping[str, str] = {"address": "masked_remote_address", "user": "user"}
"""The key of a descriptor's second entry, by the kind of rate."""


def rate(owner: Gateway | Service, by: str) -> Rate | None:
    """The rate by "address" or by "user" that stands in one table."""
    return owner.rate_by_address if by == "address" else owner.rate_by_user


def declared(system: System, by: str) -> dict[str, Rate]:
    """The declared rates by "address" or "user": the services' by name, the gateway's by WHOLE."""
    owners: dict[str, Gateway | Service] = {WHOLE: system.gateway, **system.services}
    found = {scope: rate(owner, by) for scope, owner in owners.items()}
    return {scope: each for scope, each in found.items() if each is not None}


def counted_at(system: System, environ: Mapping[str, str]) -> str:
    """`[infrastructure] rates` itself: "embedded", a URL of Redis, or one of a rate limit service.

    Raises DiagnosticError where `$NAME` or `file:/path` does not lead to any of them.
    """
    value = resolved(system.infrastructure.rates, environ, "[infrastructure] rates", is_public=True)
    if value == "embedded" or is_redis(value) or re.fullmatch(ORIGIN, value):
        return value
    raise DiagnosticError(
        Mistake(
            "invalid-rates-url",
            "[infrastructure] rates",
            found="a value that is no such URL",  # which may hold a password
            expected="redis://..., rediss://..., or http(s)://host:port of a rate limit service",
            remedy="Correct the variable or the file that it points to.",
        )
    )


def is_redis(url: str) -> bool:
    """Whether requests are counted in a Redis, by a rate limiter of ours."""
    return url.startswith(("redis://", "rediss://"))
