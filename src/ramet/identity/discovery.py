"""Where a foreign issuer publishes its keys: it says so itself, in its discovery document."""

from urllib.parse import urlsplit

from ramet.identity import documents
from ramet.identity.claims import KeysUnavailable
from ramet.system.issuers import key_address_fault

__all__ = ["jwks_url"]


def jwks_url(issuer: str) -> str:
    """The jwks_uri of `issuer`; KeysUnavailable, naming what is wrong, otherwise.

    OpenID Connect Discovery 1.0 first; RFC 8414 where the issuer has no such document, as an OAuth
    server that does not speak OpenID.
    """
    try:
        address = f"{issuer.rstrip('/')}/.well-known/openid-configuration"
        document = documents.fetch(address)
    except documents.NotThere as first:
        parts = urlsplit(issuer)
        # RFC 8414, section 3.1: the issuer's path comes after the well-known part.
        path = f"/.well-known/oauth-authorization-server{parts.path.rstrip('/')}"
        address = f"{parts.scheme}://{parts.netloc}{path}"
        try:
            document = documents.fetch(address)
        except documents.NotThere as second:
            raise KeysUnavailable(f"{first}, and {second}") from None
    if not isinstance(document, dict):
        raise KeysUnavailable(f"{address} is no discovery document")
    # OpenID Connect Discovery 1.0, section 4.3: or an issuer could speak in another one's name.
    if document.get("issuer") != issuer:
        raise KeysUnavailable(
            f"{address} is of the issuer {document.get('issuer')!r:.200}, which is not exactly "
            f"{issuer!r}, as [gateway] issuer says"
        )
    found = document.get("jwks_uri")
    if not isinstance(found, str):
        raise KeysUnavailable(f"{address} names no jwks_uri")
    if fault := key_address_fault(found):
        raise KeysUnavailable(f"{address} names the jwks_uri {found!r:.200}, {fault}")
    return found
