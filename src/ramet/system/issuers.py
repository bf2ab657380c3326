"""Which URLs may be an issuer, or serve its keys: who can change those on the way is the issuer."""

from ipaddress import ip_address
from urllib.parse import urlsplit

__all__ = ["issuer_fault", "key_address_fault"]


def issuer_fault(url: str) -> str:
    """What keeps `url` from being an issuer (OpenID Connect Discovery 1.0, section 3), or ""."""
    fault = key_address_fault(url)
    return fault or ("which has a query or a fragment" if set("?#") & set(url) else "")


def key_address_fault(url: str) -> str:
    """What keeps keys, or the document that says where they are, from being fetched at `url`.

    "" where nothing does.

    Plain http only from this machine: elsewhere anybody on the way could put in a key of theirs.
    """
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        return "which is no URL"
    if not host or port == 0 or not url.isprintable() or " " in url:
        return "which is no URL"
    if "@" in parts.netloc:
        return "which names a user"
    if parts.scheme == "https" or (parts.scheme == "http" and _is_loopback(host)):
        return ""
    return "which is not https"


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
