"""The gateway's check of access tokens (Envoy's jwt_authn): a bad one goes no further.

A request without a token passes: which views need one, their services know, and they verify again.
"""

from typing import Any

from ramet.system import System, rates
from ramet.tools.gateway import canary, clusters, limits, rate_limits
from ramet.tools.gateway.topology import Topology

__all__ = ["foreign_issuer_cluster", "token_check"]

_JWKS = "/.well-known/jwks.json"
_MOUNT = "/o"
# As clients write it. A service reads any case and a tab too: such a header has no token here, and
# is 401, or its user would be limited by nothing.
_BEARER = ("Bearer ", "bearer ", "BEARER ")


def token_check(system: System, topology: Topology) -> dict[str, Any] | None:
    """The jwt_authn filter; None where ramet.toml declares no issuer."""
    declared = system.gateway.issuer
    if declared is None:
        return None
    is_foreign = system.has_foreign_issuer
    issuer = topology.issuer or (declared if is_foreign else f"{system.gateway.public_url}{_MOUNT}")
    keys = {
        # Only path and host of the URI are sent; the cluster decides where to.
        "http_uri": {
            "uri": _foreign_keys(declared, topology) if is_foreign else f"{issuer}{_JWKS}",
            "cluster": "issuer" if is_foreign else declared,
            "timeout": "2s",
        },
        "cache_duration": f"{limits.KEYS_FRESH}s",
        # Fetched ahead and again after a failure, without holding up the listener: the issuer may
        # start later than the gateway.
        "async_fetch": {"fast_listener": True, "failed_refetch_duration": "1s"},
    }
    provider = {
        "issuer": issuer,
        "audiences": [system.audience],
        "remote_jwks": keys,
        "forward": True,
        # Named, or Envoy would also take tokens from the query, where they end up in logs.
        "from_headers": [{"name": "Authorization", "value_prefix": each} for each in _BEARER],
        "require_expiration": True,
        "clock_skew_seconds": limits.CLOCK_SKEW,
        "jwt_cache_config": {"jwt_cache_size": 1000, "jwt_max_token_size": limits.LONGEST_TOKEN},
    }
    if rates.declared(system, "user"):
        # For the limits of users; it costs a copy of the claims, so only where they are asked for.
        provider["payload_in_metadata"] = rate_limits.TOKEN_PAYLOAD
    if canary.is_sticky_somewhere(system):
        provider["claim_to_headers"] = [{"header_name": canary.USER, "claim_name": "sub"}]
        # The route was chosen before anybody knew the user.
        provider["clear_route_cache"] = True
    with_token = {
        "prefix": "/",
        "headers": [
            {"name": "Authorization", "string_match": {"prefix": "bearer", "ignore_case": True}}
        ],
    }
    return {
        "name": "envoy.filters.http.jwt_authn",
        "typed_config": {
            "@type": "type.googleapis.com/envoy.extensions.filters.http.jwt_authn.v3"
            ".JwtAuthentication",
            "providers": {"issuer": provider},
            "rules": [{"match": with_token, "requires": {"provider_name": "issuer"}}],
        },
    }


def foreign_issuer_cluster(system: System, topology: Topology) -> dict[str, Any] | None:
    """The cluster to fetch keys from where the issuer is a URL, else None."""
    declared = system.gateway.issuer
    if declared is None or not system.has_foreign_issuer:
        return None
    url = _foreign_keys(declared, topology)
    return clusters.foreign("issuer", url, str(topology.ca_bundle), clusters.http11())


def _foreign_keys(issuer: str, topology: Topology) -> str:
    # Until the issuer has said where, this is as good as any address: it gives no keys, so that
    # requests with a token get 503 and not through.
    return topology.jwks_url or f"{issuer.rstrip('/')}{_JWKS}"
