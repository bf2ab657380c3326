"""Pages of other origins (the Fetch standard's CORS), as [gateway.cors] permits them."""

from typing import Any

from ramet.system import Cors

__all__ = ["FILTER", "cors_filter", "cors_policy"]

FILTER = "envoy.filters.http.cors"
_CORS = "type.googleapis.com/envoy.extensions.filters.http.cors.v3"


def cors_filter() -> dict[str, Any]:
    """The filter, which does nothing until a virtual host has a policy."""
    return {"name": FILTER, "typed_config": {"@type": f"{_CORS}.Cors"}}


def cors_policy(cors: Cors) -> dict[str, Any]:
    """The policy: preflights are answered here, those of other origins too, without permission."""
    if cors.origins == ("*",):
        origins: list[dict[str, Any]] = [{"safe_regex": {"regex": ".*"}}]
    else:
        origins = [{"exact": origin} for origin in cors.origins]
    policy = {
        "@type": f"{_CORS}.CorsPolicy",
        "allow_origin_string_match": origins,
        "allow_methods": ", ".join(cors.methods),
        "allow_headers": ", ".join(cors.headers),
        "allow_credentials": cors.credentials,
        "max_age": str(cors.max_age),
        "forward_not_matching_preflights": False,
    }
    if cors.expose:
        policy["expose_headers"] = ", ".join(cors.expose)
    return policy
