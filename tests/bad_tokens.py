"""Tokens that must not be believed: one list for the gateway, the services and the running shop."""

import base64
import hmac
import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

from joserfc import jwt
from joserfc.jwk import ECKey, RSAKey

__all__ = ["BAD", "PAST_THE_GATEWAY", "Forger", "attacker"]

_LONGEST_TOKEN = 8 * 1024


@dataclass
class Forger:
    """Somebody who wants in. `key` is the issuer's own: some faults are of genuine tokens.

    `elsewhere` is the URL of a server of the attacker's, which publishes the attacker's key.
    """

    key: RSAKey
    issuer: str
    audience: str
    elsewhere: str = "http://127.0.0.1:9/jwks.json"
    mine: RSAKey = field(default_factory=lambda: RSAKey.generate_key(2048))

    def token(self, header: dict[str, Any] | None = None, key: Any = None, **claims: Any) -> str:
        """Signed by the issuer with a good header and good claims, but for what is given."""
        now = int(time.time())
        good_header = {"alg": "RS256", "typ": "at+jwt", "kid": self.key.thumbprint()}
        good_claims = {
            "iss": self.issuer,
            "aud": self.audience,
            "sub": "6f1d1a9e-5b2c-4c55-9c0e-2f3a4b5c6d7e",
            "client_id": "storefront",
            "scope": "openid products:write",
            "iat": now,
            "exp": now + 300,
        }
        merged = {**good_header, **(header or {})}
        said = {k: v for k, v in {**good_claims, **claims}.items() if v is not None}
        return jwt.encode(merged, said, key or self.key, algorithms=[merged["alg"]])

    def parts(self) -> list[str]:
        """Header, claims and signature of a good token."""
        return self.token().split(".")


def _part(content: object) -> str:
    return _text(json.dumps(content).encode())


def _text(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def _said(part: str) -> dict[str, Any]:
    return dict(json.loads(base64.urlsafe_b64decode(part + "==")))


def alg_none(forger: Forger) -> str:
    header, claims, _ = forger.parts()
    return f"{_part({**_said(header), 'alg': 'none'})}.{claims}."


def unsigned(forger: Forger) -> str:
    header, claims, _ = forger.parts()
    return f"{header}.{claims}."


def hs256_with_the_public_key(forger: Forger) -> str:
    """The public key, known to everybody, taken for a shared secret."""
    header, claims, _ = forger.parts()
    signed = f"{_part({**_said(header), 'alg': 'HS256'})}.{claims}"
    public = forger.key.as_pem(private=False)
    return f"{signed}.{_text(hmac.digest(public, signed.encode(), 'sha256'))}"


def hs256_with_an_empty_file(forger: Forger) -> str:
    """A kid that is a path, to a file of which the attacker knows the content."""
    header, claims, _ = forger.parts()
    kid = "../../../../../../dev/null"
    signed = f"{_part({**_said(header), 'alg': 'HS256', 'kid': kid})}.{claims}"
    return f"{signed}.{_text(hmac.digest(b'', signed.encode(), 'sha256'))}"


def unknown_kid(forger: Forger) -> str:
    return forger.token({"kid": "unknown"}, forger.mine)


def kid_of_sql(forger: Forger) -> str:
    return forger.token({"kid": "x' UNION SELECT 'key' --"}, forger.mine)


def kid_is_no_text(forger: Forger) -> str:
    header, claims, signature = forger.parts()
    return f"{_part({**_said(header), 'kid': [forger.key.thumbprint()]})}.{claims}.{signature}"


def our_kid_with_another_key(forger: Forger) -> str:
    return forger.token({}, forger.mine)


def embedded_jwk(forger: Forger) -> str:
    public = forger.mine.as_dict(private=False)
    return forger.token({"jwk": public, "kid": forger.mine.thumbprint()}, forger.mine)


def jku_of_the_attacker(forger: Forger) -> str:
    header = {"jku": forger.elsewhere, "kid": forger.mine.thumbprint()}
    return forger.token(header, forger.mine)


def x5u_of_the_attacker(forger: Forger) -> str:
    header = {"x5u": forger.elsewhere, "kid": forger.mine.thumbprint()}
    return forger.token(header, forger.mine)


def es256_of_the_attacker(forger: Forger) -> str:
    return forger.token({"alg": "ES256"}, ECKey.generate_key("P-256"))


def ps256_with_our_key(forger: Forger) -> str:
    """Genuine, and yet of an algorithm that nobody chose."""
    return forger.token({"alg": "PS256"})


def wrong_issuer(forger: Forger) -> str:
    return forger.token(iss="http://evil.example/o")


def wrong_audience(forger: Forger) -> str:
    return forger.token(aud="another system")


def expired(forger: Forger) -> str:
    return forger.token(exp=int(time.time()) - 60)


def without_an_end(forger: Forger) -> str:
    return forger.token(exp=None)


def not_yet_valid(forger: Forger) -> str:
    return forger.token(nbf=int(time.time()) + 120)


def typ_of_an_id_token(forger: Forger) -> str:
    return forger.token({"typ": "JWT"})


def critical_extension(forger: Forger) -> str:
    """RFC 7515, section 4.1.11: who does not understand it must refuse."""
    header, claims, _ = forger.parts()
    signed = f"{_part({**_said(header), 'crit': ['urn:x'], 'urn:x': 1})}.{claims}"
    return f"{signed}.{_signature(forger.key, signed)}"


def _signature(key: RSAKey, signed: str) -> str:
    from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
    from cryptography.hazmat.primitives.hashes import SHA256

    private: Any = key.raw_value
    return _text(private.sign(signed.encode(), PKCS1v15(), SHA256()))


def tampered_claims(forger: Forger) -> str:
    header, claims, signature = forger.parts()
    return f"{header}.{_part({**_said(claims), 'sub': 'somebody else'})}.{signature}"


def truncated(forger: Forger) -> str:
    return forger.token()[:-10]


def oversized(forger: Forger) -> str:
    """Genuine, and larger than anybody's token is."""
    return forger.token(padding="x" * _LONGEST_TOKEN)


def doubled_segment(forger: Forger) -> str:
    header, claims, signature = forger.parts()
    return f"{header}.{claims}.{claims}.{signature}"


def two_tokens_in_one(forger: Forger) -> str:
    return f"{forger.token()}.{forger.token()}"


def nested_without_end(forger: Forger) -> str:
    """A header of so many levels that a recursive reader ends in a crash."""
    _, claims, signature = forger.parts()
    return f"{_text(b'{' + b'[' * 5000)}.{claims[:500]}.{signature[:500]}"


def nonsense(forger: Forger) -> str:
    return "nonsense"


BAD: list[Callable[[Forger], str]] = [
    alg_none,
    unsigned,
    hs256_with_the_public_key,
    hs256_with_an_empty_file,
    unknown_kid,
    kid_of_sql,
    kid_is_no_text,
    our_kid_with_another_key,
    embedded_jwk,
    jku_of_the_attacker,
    x5u_of_the_attacker,
    es256_of_the_attacker,
    ps256_with_our_key,
    wrong_issuer,
    wrong_audience,
    expired,
    without_an_end,
    not_yet_valid,
    typ_of_an_id_token,
    critical_extension,
    tampered_claims,
    truncated,
    oversized,
    doubled_segment,
    two_tokens_in_one,
    nested_without_end,
    nonsense,
]

# Envoy looks neither at typ nor at crit, and remembers no token that large but believes it: what
# the services are for.
PAST_THE_GATEWAY = {typ_of_an_id_token, critical_extension, oversized}


@contextmanager
def attacker(forger: Forger) -> Iterator[list[str]]:
    """Serve the attacker's key at `forger.elsewhere`; gives the paths that were asked for."""
    asked: list[str] = []
    public = {**forger.mine.as_dict(private=False), "kid": forger.mine.thumbprint()}

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(200)
            self.end_headers()
            self.wfile.write(json.dumps({"keys": [public]}).encode())

        def log_message(self, *args: object) -> None:
            """Silence."""

    server = HTTPServer(("127.0.0.1", 0), Handler)
    forger.elsewhere = f"http://127.0.0.1:{server.server_address[1]}/jwks.json"
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield asked
    finally:
        server.shutdown()
        server.server_close()
        thread.join(10)
