"""What a request of `ramet.fetch` may hold: only what means the same in each placement.

Envoy refuses some requests and rewrites others, so that a path has one spelling and a header one
meaning. Django, asked directly, would take each of them in some way of its own.
"""

import re
from collections.abc import Mapping
from urllib.parse import unquote, unquote_to_bytes

from ramet.system import System

__all__ = ["refuse_foreign", "refuse_malformed"]

_METHODS = ("GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE")
_CHARACTER = r"[A-Za-z0-9._~!$&'()*+,;=:@/-]|%[0-9A-Fa-f]{2}"
_TARGET = re.compile(rf"/(?:{_CHARACTER})*(?:\?(?:{_CHARACTER}|\?)*)?")  # RFC 3986, section 3.3
_NAME = re.compile(r"[!#$%&'*+.^`|~0-9A-Za-z-]+")  # RFC 9110, section 5.6.2, without underscores
# The connection's and the message's own (RFC 9110, section 7.6.1): whoever sends it says them.
_FRAMING = frozenset(
    {"connection", "content-length", "expect", "keep-alive", "proxy-connection", "te"}
    | {"trailer", "transfer-encoding", "upgrade"}
)
_OURS = ("x-ramet-", "x-envoy-")


def refuse_malformed(method: str, path: str, headers: Mapping[str, str]) -> None:
    """Raise ValueError for what would leave its place in the request, or not arrive as it is.

    Without the slash, `@host` would make what stands before it a user's name.
    """
    if method not in _METHODS:
        raise ValueError(f"{method!r} is no method of HTTP, which are {', '.join(_METHODS)}")
    if not _TARGET.fullmatch(path):
        raise ValueError(f"a path begins with / and is percent-encoded, unlike {path!r}")
    if fault := _fault(path.partition("?")[0]):
        raise ValueError(f"a path has one spelling and {fault}, unlike {path!r}")
    for name, value in headers.items():
        if not _NAME.fullmatch(name):
            raise ValueError(f"{name!r} is no name of a header")
        if name.lower() in _FRAMING or name.lower().startswith(_OURS):
            raise ValueError(f"a header that only the one who sends it can say: {name}")
        if not (value.isascii() and value.isprintable()):
            # Without the value, which may be a secret.
            raise ValueError(f"a header has printable ASCII characters only, unlike {name}")


def refuse_foreign(system: System, service: str, path: str) -> None:
    """Raise ValueError for a path that is in no route of a Django `service`.

    The mesh has no way there; in one process another service's view would answer. A program that is
    not Django has its whole interface open to its callers.
    """
    if not system.services[service].is_django:
        return
    spelt = path.partition("?")[0]
    if {_owner(system, each) for each in (spelt, unquote(spelt))} != {service}:
        routes = ", ".join(system.services[service].routes) or "none"
        raise ValueError(f"a path is in a route of {service} ({routes}), unlike {path!r}")


def _owner(system: System, path: str) -> str | None:
    """The service whose route has a path, as at the gateway: that of the longest prefix."""
    found = [
        (len(route), name)
        for name, service in system.services.items()
        for route in service.routes
        if f"{path}/".startswith(route)
    ]
    return max(found)[1] if found else None


def _fault(path: str) -> str:
    decoded = unquote_to_bytes(path)
    if decoded.count(b"/") != path.count("/") or b"\\" in decoded or b"\0" in decoded:
        return "in its segments no slash, backslash or zero byte"
    if b"//" in decoded or {b".", b".."} & set(decoded.split(b"/")):
        return "no empty segments, . or .."
    if decoded.lower().startswith(b"/.ramet"):
        return "is the service's own (for operations there is ramet.client)"
    return ""
