"""How many requests an address, or a user, may send: token buckets in the gateway's memory.

Two filters of one kind, because an address is limited before its token is checked, which costs
most, and a user is known only after. The buckets are the filter's, so that all routes of a service
share them; the routes say which bucket a request belongs to.
"""

import math
from typing import Any

from ramet.system import Gateway, Rate, Service, System

__all__ = ["TOKEN_PAYLOAD", "address_filter", "descriptions", "rates", "user_filter"]

TOKEN_PAYLOAD = "token"  # noqa: S105 - where jwt_authn leaves the claims that it has checked
_JWT = "envoy.filters.http.jwt_authn"
_STAGES = {"address": 0, "user": 1}
_KEYS = {"address": "masked_remote_address", "user": "user"}
_ACTIONS: dict[str, dict[str, Any]] = {
    # One subscriber has a whole IPv6 network of 64 bits, and could use an address once each.
    "address": {"masked_remote_address": {"v4_prefix_mask_len": 32, "v6_prefix_mask_len": 64}},
    "user": {
        "metadata": {
            "descriptor_key": "user",
            "metadata_key": {"key": _JWT, "path": [{"key": TOKEN_PAYLOAD}, {"key": "sub"}]},
        }
    },
}
# Buckets kept in memory, the least recently used is forgotten first: a forgotten one is full again.
_BUCKETS = 50_000
_ALWAYS = {"numerator": 100, "denominator": "HUNDRED"}
_WHOLE = "gateway"


def address_filter(system: System) -> dict[str, Any] | None:
    """The filter for addresses; None where nobody is limited so."""
    return _filter(system, "address")


def user_filter(system: System) -> dict[str, Any] | None:
    """The filter for users; None where nobody is limited so. Without a token, nobody is."""
    return _filter(system, "user")


def descriptions(*owners: Gateway | Service) -> list[dict[str, Any]]:
    """The `rate_limits` of what is of these `owners`: of each kind the first one's that has a rate.

    A route is of its service and of the gateway. Envoy passes over all that the virtual host says
    where a route says anything, so a route says both kinds.
    """
    found = []
    for by, action in _ACTIONS.items():
        limiting = next((owner for owner in owners if _rate(owner, by)), None)
        if limiting is not None:
            scope = limiting.name if isinstance(limiting, Service) else _WHOLE
            actions = [{"generic_key": {"descriptor_value": scope}}, action]
            found.append({"stage": _STAGES[by], "actions": actions})
    return found


def rates(system: System, by: str) -> dict[str, Rate]:
    """The declared rates by "address" or by "user": the services' by name, the gateway's own."""
    owners: dict[str, Gateway | Service] = {_WHOLE: system.gateway, **system.services}
    declared = {scope: _rate(owner, by) for scope, owner in owners.items()}
    return {scope: rate for scope, rate in declared.items() if rate is not None}


def _rate(owner: Gateway | Service, by: str) -> Rate | None:
    return owner.rate_by_address if by == "address" else owner.rate_by_user


def _filter(system: System, by: str) -> dict[str, Any] | None:
    declared = rates(system, by)
    if not declared:
        return None
    # Tokens come back one by one, so this is when a client that has none gets the next one.
    wait = max(math.ceil(rate.seconds / rate.requests) for rate in declared.values())
    return {
        "name": f"ramet.rate_by_{by}",
        "typed_config": {
            "@type": "type.googleapis.com/envoy.extensions.filters.http.local_ratelimit.v3"
            ".LocalRateLimit",
            "stat_prefix": f"rate_by_{by}",
            "stage": _STAGES[by],
            "token_bucket": _bucket(Rate(1_000_000_000, 1)),
            "always_consume_default_token_bucket": False,
            # Both, or nobody is ever limited.
            "filter_enabled": {"default_value": _ALWAYS},
            "filter_enforced": {"default_value": _ALWAYS},
            "max_dynamic_descriptors": _BUCKETS,
            "enable_x_ratelimit_headers": "DRAFT_VERSION_03",
            "response_headers_to_add": [{"header": {"key": "retry-after", "value": str(wait)}}],
            "descriptors": [
                {
                    "entries": [{"key": "generic_key", "value": scope}, {"key": _KEYS[by]}],
                    "token_bucket": _bucket(rate),
                }
                for scope, rate in declared.items()
            ],
        },
    }


def _bucket(rate: Rate) -> dict[str, Any]:
    return {
        "max_tokens": rate.requests,
        "tokens_per_fill": rate.requests,
        "fill_interval": f"{rate.seconds}s",
    }
