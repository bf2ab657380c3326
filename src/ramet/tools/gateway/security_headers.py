"""Headers that every answer carries unless its service has set its own.

They are headers of the routes, which costs less than any filter. Envoy's own answers get them too.
"""

from typing import Any

from ramet.system import Gateway
from ramet.system.edge import is_loopback

__all__ = ["ABSENT", "security_headers"]

ABSENT = "ADD_IF_ABSENT"
"""How they are added: what a service says about itself wins."""

_A_YEAR = 365 * 24 * 3600
# As Django's SecurityMiddleware and XFrameOptionsMiddleware; here for the services that have none.
_ALWAYS = {
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
}


def security_headers(gateway: Gateway) -> list[dict[str, Any]]:
    """`response_headers_to_add`, with HSTS (RFC 6797) where a browser should never go back to http.

    Not for a name of this machine: HSTS holds for all its ports, and other programs there speak
    plain HTTP. Sub-domains are left out, as they may be somebody else's.
    """
    headers = dict(_ALWAYS)
    if gateway.tls != "off" and not is_loopback(gateway.public_host):
        headers["strict-transport-security"] = f"max-age={_A_YEAR}"
    return [
        {"header": {"key": name, "value": value}, "append_action": ABSENT}
        for name, value in headers.items()
    ]
