"""What it costs a service to check an access token.

`remembered` is a token that was verified before, which is what a service mostly sees: a caller's
token lives for five minutes. `anew` is one that was not, with the issuer's key at hand: signature,
rules and claims. `without keys` is the first token of a process, which fetches the key set over
HTTP from this machine. ES256 is what another provider may sign with. Processor time, except for the
fetch; the best of several rounds. Takes about 10 s.
"""

import json
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

from joserfc import jwt
from joserfc.jwk import ECKey

from benchmarks.figures import Figure
from ramet.identity import issuing, keys, signing, tokens, verify
from ramet.identity.settings import IdentitySettings, configure

FIGURES = (
    Figure("remembered", "a token that was verified before", "us", "at most", 60),
    Figure("anew", "a token that was not, RS256", "us"),
    Figure("anew_es256", "the same, ES256", "us"),
    Figure("without_keys", "the first token of a process, with the fetch of the keys", "us"),
)

ROUNDS = 15
CHECKS = 500
ISSUER = "http://localhost:8000/o"


def main() -> dict[str, float]:
    """Microseconds by figure."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "secrets" / "signing-keys.pem"
        pem = signing.load(path)[0]
        settings = IdentitySettings(ISSUER, "shop", None, path)
        configure(settings)
        token = issuing.issue(
            pem,
            issuer=ISSUER,
            audience="shop",
            subject="6f1d1a9e-5b2c-4c55-9c0e-2f3a4b5c6d7e",
            client_id="storefront",
            scopes=("openid", "profile"),
            username="alice",
        )
        verify(token)
        measured = {
            "remembered": _microseconds(lambda: verify(token)),
            "anew": _microseconds(lambda: _anew(token)),
            "without_keys": _without_keys(settings, token),
        }
        measured["anew_es256"] = _es256(settings)
    return {name: round(value, 1) for name, value in measured.items()}


def _anew(token: str) -> None:
    tokens.forget()
    verify(token)


def _es256(settings: IdentitySettings) -> float:
    key = ECKey.generate_key("P-256")
    claims = {"iss": ISSUER, "aud": "shop", "sub": "s", "client_id": "c", "exp": time.time() + 300}
    header = {"alg": "ES256", "typ": "at+jwt", "kid": "k"}
    token = jwt.encode(header, claims, key, algorithms=["ES256"])
    document = {"keys": [{**key.as_dict(private=False), "kid": "k"}]}
    with _Published(document) as url:
        configure(replace(settings, signing_keys=None, jwks_url=url, algorithm="ES256"))
        verify(token)
        return _microseconds(lambda: _anew(token))


def _without_keys(settings: IdentitySettings, token: str) -> float:
    assert settings.signing_keys is not None
    found = signing.public_keys(settings.signing_keys)
    document = {"keys": [{**key.as_dict(private=False), "kid": kid} for kid, key in found.items()]}
    with _Published(document) as url:
        configure(replace(settings, signing_keys=None, jwks_url=url))
        best = float("inf")
        for _ in range(ROUNDS):
            keys.forget()
            tokens.forget()
            started = time.perf_counter()
            verify(token)
            best = min(best, time.perf_counter() - started)
    return best * 1e6


class _Published:
    """A key set on loopback; the block is given its address."""

    def __init__(self, document: dict[str, Any]) -> None:
        body = json.dumps(document).encode()

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.send_response(200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *args: object) -> None:
                """Silence."""

        self._server = HTTPServer(("127.0.0.1", 0), Handler)

    def __enter__(self) -> str:
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        return f"http://127.0.0.1:{self._server.server_address[1]}/jwks.json"

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()


def _microseconds(check: Callable[[], object]) -> float:
    best = float("inf")
    for _ in range(ROUNDS):
        started = time.process_time()
        for _ in range(CHECKS):
            check()
        best = min(best, time.process_time() - started)
    return best / CHECKS * 1e6


if __name__ == "__main__":
    print(json.dumps(main(), indent=2))
