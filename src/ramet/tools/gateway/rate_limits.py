"""How many requests an address, or a user, may send: token buckets in the gateway's memory, and
where several gateways count together, a question to a rate limit service besides.

Two local filters, because an address is limited before its token is checked, and a user is known
only after. The buckets are the filter's, so that all routes of a service share them; the routes say
which bucket a request belongs to.

The local filters stay where rates are shared. They come first, so that a flood at one gateway costs
it memory alone and no question; and they are what holds while nobody answers. A bucket that all
gateways share never has more tokens than one that only sees this gateway's requests.
"""

import math
from typing import Any

from ramet.system import Gateway, Rate, Service, System, rates
from ramet.tools.gateway import clusters, limits
from ramet.tools.gateway.topology import Topology

__all__ = [
    "TOKEN_PAYLOAD",
    "address_filter",
    "descriptions",
    "own_answers",
    "service_cluster",
    "shared_filter",
    "user_filter",
]

TOKEN_PAYLOAD = "token"  # noqa: S105 - where jwt_authn leaves the claims that it has checked
_JWT = "envoy.filters.http.jwt_authn"
_STAGES = {"address": 0, "user": 1}
_SHARED_STAGE = 2
_CLUSTER = "ratelimit"
_ACTIONS: dict[str, dict[str, Any]] = {
    # One subscriber has a whole IPv6 network of 64 bits, and could use an address once each.
    "address": {"masked_remote_address": {"v4_prefix_mask_len": 32, "v6_prefix_mask_len": 64}},
    "user": {
        "metadata": {
            "descriptor_key": rates.KINDS["user"],
            "metadata_key": {"key": _JWT, "path": [{"key": TOKEN_PAYLOAD}, {"key": "sub"}]},
        }
    },
}
# Buckets kept in memory, the least recently used is forgotten first: a forgotten one is full again.
_BUCKETS = 50_000
_ALWAYS = {"numerator": 100, "denominator": "HUNDRED"}


def address_filter(system: System) -> dict[str, Any] | None:
    """The filter for addresses; None where nobody is limited so."""
    return _filter(system, "address")


def user_filter(system: System) -> dict[str, Any] | None:
    """The filter for users; None where nobody is limited so. Without a token, nobody is."""
    return _filter(system, "user")


def shared_filter(system: System) -> dict[str, Any] | None:
    """The filter that asks the rate limit service, once for address and user; None without one.

    Behind the check of the token, which costs less than the question.
    """
    if not system.has_shared_rates:
        return None
    wait = max(_wait(system, by) for by in rates.KINDS)
    return {
        "name": "ramet.rate_shared",
        "typed_config": {
            "@type": "type.googleapis.com/envoy.extensions.filters.http.ratelimit.v3.RateLimit",
            "domain": system.name,
            "stage": _SHARED_STAGE,
            "timeout": f"{limits.RATE_SERVICE}s",
            "failure_mode_deny": False,
            "rate_limit_service": {
                "grpc_service": {"envoy_grpc": {"cluster_name": _CLUSTER}},
                "transport_api_version": "V3",
            },
            "enable_x_ratelimit_headers": "DRAFT_VERSION_03",
            # Of a service that does not say itself when to come again.
            "response_headers_to_add": [
                {
                    "header": {"key": "retry-after", "value": str(wait)},
                    "append_action": "ADD_IF_ABSENT",
                }
            ],
        },
    }


def service_cluster(system: System, topology: Topology) -> dict[str, Any] | None:
    """The way to the rate limit service: another's by its URL, else ours beside this Envoy."""
    if not system.has_shared_rates:
        return None
    url, protocol = topology.rate_service, clusters.http2()  # which gRPC is
    if url is None:
        found = clusters.cluster(_CLUSTER, [str(topology.rate_socket)])
        found["typed_extension_protocol_options"] = protocol
    else:
        found = clusters.foreign(_CLUSTER, url, str(topology.ca_bundle), protocol)
    return found | limits.EXPENDABLE


def descriptions(system: System, *services: Service) -> list[dict[str, Any]]:
    """The `rate_limits` of what is of these `services` and of the gateway: of each kind the first
    one's that has a rate.

    Envoy passes over all that the virtual host says where a route says anything, so a route says
    both kinds.
    """
    found = []
    owners: list[Gateway | Service] = [*services, system.gateway]
    for by, action in _ACTIONS.items():
        limiting = next((owner for owner in owners if rates.rate(owner, by)), None)
        if limiting is not None:
            scope = limiting.name if isinstance(limiting, Service) else rates.WHOLE
            actions = [{rates.SCOPE: {"descriptor_value": scope}}, action]
            stages = [_STAGES[by], *([_SHARED_STAGE] if system.has_shared_rates else [])]
            found += [{"stage": stage, "actions": actions} for stage in stages]
    return found


def own_answers(system: System) -> dict[str, Any]:
    """The `typed_per_filter_config` of a route that ends at the gateway, of which Envoy does not
    read `rate_limits`: addresses are counted there too, in buckets of that route's own.

    Else a flood of bad tokens would only need a path that nothing serves.
    """
    found = address_filter(system)
    if found is None or system.gateway.rate_by_address is None:
        return {}
    actions = [{rates.SCOPE: {"descriptor_value": rates.WHOLE}}, _ACTIONS["address"]]
    counted = {
        "rate_limits": [{"actions": actions}],
        # On a route Envoy wants one for whoever has none, which here is nobody.
        "token_bucket": _bucket(Rate(1, 1)),
        "always_consume_default_token_bucket": False,
    }
    return {found["name"]: found["typed_config"] | counted}


def _filter(system: System, by: str) -> dict[str, Any] | None:
    declared = rates.declared(system, by)
    if not declared:
        return None
    wait = _wait(system, by)
    return {
        "name": f"ramet.rate_by_{by}",
        "typed_config": {
            "@type": "type.googleapis.com/envoy.extensions.filters.http.local_ratelimit.v3"
            ".LocalRateLimit",
            "stat_prefix": f"rate_by_{by}",
            "stage": _STAGES[by],
            # Both, or nobody is ever limited.
            "filter_enabled": {"default_value": _ALWAYS},
            "filter_enforced": {"default_value": _ALWAYS},
            "max_dynamic_descriptors": _BUCKETS,
            # Each filter adds its own; where rates are shared, the bucket that all share counts.
            "enable_x_ratelimit_headers": "OFF" if system.has_shared_rates else "DRAFT_VERSION_03",
            "response_headers_to_add": [
                {"header": {"key": "retry-after", "value": str(wait)}},
                # draft-ietf-httpapi-ratelimit-headers-10, section 4: nothing remains.
                {"header": {"key": "ratelimit", "value": f'"{by}";r=0;t={wait}'}},
            ],
            "descriptors": [
                {
                    "entries": [
                        {"key": rates.SCOPE, "value": scope},
                        {"key": rates.KINDS[by]},
                    ],
                    "token_bucket": _bucket(rate),
                }
                for scope, rate in declared.items()
            ],
        },
    }


def _wait(system: System, by: str) -> int:
    """Seconds after which a client that has no token gets the next one: they come one by one."""
    declared = rates.declared(system, by).values()
    return max((math.ceil(rate.seconds / rate.requests) for rate in declared), default=0)


def _bucket(rate: Rate) -> dict[str, Any]:
    return {
        "max_tokens": rate.requests,
        "tokens_per_fill": rate.requests,
        "fill_interval": f"{rate.seconds}s",
    }
