"""The keys of `ramet.toml` that say what arrives from outside, and how: [gateway] and its tables.

A service's keys for its own traffic stand here too. `fields` puts them into the tables.
"""

from ramet.system.addresses import ADDRESS
from ramet.system.keys import ORIGIN, ROUTE, SERVICE_NAME, Key

__all__ = ["GATEWAY", "SERVICE_AT_THE_EDGE"]

_DURATION = r"[1-9][0-9]{0,5}[smhd]"
_TOKEN = r"[A-Za-z0-9!#$%&'*+.^_`|~-]+"  # noqa: S105 - RFC 9110, section 5.6.2: a header's name


def _rate(name: str, of: str) -> Key:
    return Key(
        name,
        "string",
        f"How many requests {of} may send.",
        'a number of requests for each second, minute or hour, such as "600/minute"',
        r"[1-9][0-9]{0,6}/(second|minute|hour)",
        "600/minute",
    )


def _duration(name: str, description: str, example: str) -> Key:
    expected = f'a whole number with s, m, h or d, such as "{example}"'
    return Key(name, "string", description, expected, _DURATION, example)


_BYADDRESS = _rate("rate_by_address", "one address (an IPv6 network of 64 bits counts as one)")
_BY_USER = _rate("rate_by_user", "one user, by the token's sub,")

CORS = (
    Key(
        "origins",
        "strings",
        "Origins whose pages may read answers.",
        'origins without a path, such as "https://app.example", or "*"',
        rf"\*|{ORIGIN}",
        ("https://app.example",),
        required=True,
    ),
    Key(
        "methods",
        "strings",
        "Methods that they may use; the safe ones, POST, PUT, PATCH and DELETE unless set.",
        'methods in capitals, such as "GET"',
        r"[A-Z]+",
        ("GET", "POST"),
    ),
    Key(
        "headers",
        "strings",
        "Request headers that they may send; authorization, content-type and idempotency-key "
        "unless set.",
        'names of headers, such as "content-type"',
        _TOKEN,
        ("authorization", "content-type"),
    ),
    Key(
        "expose",
        "strings",
        "Response headers that their scripts may read.",
        'names of headers, such as "x-request-id"',
        _TOKEN,
        ("x-request-id",),
    ),
    Key("credentials", "boolean", "Whether they may send cookies.", "true or false"),
    _duration("max_age", "How long a browser keeps the permission; 10m unless set.", "10m"),
)

CANARY = (
    Key(
        "address",
        "string",
        "The other version: where its mesh listener is, or the socket of its process.",
        'a socket, or an IP address with a port, such as "10.0.0.7:8443"',
        r"/[^ ]+|([0-9.]+|\[[0-9A-Fa-f:.]+\]):[0-9]{1,5}",
        "10.0.0.7:8443",
        required=True,
    ),
    Key(
        "weight",
        "string",
        "The share of requests that it gets.",
        'a percentage from "0%" to "100%"',
        r"(100|[1-9]?[0-9])%",
        "10%",
        required=True,
    ),
    Key(
        "sticky",
        "boolean",
        "Whether who met one version stays with it: a user by the token, others by a cookie.",
        "true or false",
    ),
)

GATEWAY = (
    Key(
        "listen",
        "string",
        "Address and port of the gateway; the dashboard takes the next port.",
        'an address and a port from 1 to 65534, such as "127.0.0.1:8000"',
        ADDRESS,
        "127.0.0.1:8000",
    ),
    Key(
        "issuer",
        "string",
        "The service that signs tokens, or the URL of any OpenID provider (its issuer, exactly).",
        "the name of a service, or a URL",
        rf"{SERVICE_NAME}|https?://[^ ]+",
        "users",
    ),
    Key(
        "audience",
        "string",
        "Whom tokens must be for (aud). The system's name, unless the issuer calls it otherwise.",
        'an audience, such as "https://api.shop.example"',
        r"[^ ]+",
        "https://api.shop.example",
    ),
    Key(
        "token_types",
        "strings",
        "What typ the access tokens of a foreign issuer may have. "
        'Without this only "at+jwt" (RFC 9068); "JWT" also stands for tokens without typ.',
        '"at+jwt", "JWT", or both',
        r"at\+jwt|JWT",
        ("at+jwt", "JWT"),
    ),
    Key(
        "token_algorithm",
        "string",
        "The one algorithm that a foreign issuer's tokens are signed with.",
        '"RS256", "PS256" or "ES256"',
        r"RS256|PS256|ES256",
        "RS256",
    ),
    Key(
        "tls",
        "string",
        'Who speaks TLS: nobody ("off", on loopback only), the gateway with a certificate of the '
        'local authority ("local") or of yours ("files"), or a balancer in front ("balancer").',
        '"off", "local", "files" or "balancer"',
        r"off|local|files|balancer",
        "local",
    ),
    Key(
        "certificate",
        "string",
        'The certificate and those between it and its authority, for tls = "files".',
        "a PEM file; relative to ramet.toml, or absolute",
        example="/etc/ramet/tls/tls.crt",
    ),
    Key(
        "key",
        "string",
        "The certificate's private key.",
        "a PEM file; relative to ramet.toml, or absolute",
        example="/etc/ramet/tls/tls.key",
    ),
    Key(
        "public_url",
        "string",
        "What a browser writes to get here, where it is not what follows from listen and tls.",
        'a URL without a path, such as "https://shop.example"',
        ORIGIN,
        "https://shop.example",
    ),
    Key(
        "redirect_from",
        "string",
        "Address and port of a plain listener that sends everybody to public_url.",
        'an address and a port, such as "0.0.0.0:80"',
        ADDRESS,
        "0.0.0.0:80",
    ),
    _BYADDRESS,
    _BY_USER,
    Key("cors", "table", "Pages of other origins that may use the API.", keys=CORS),
)

SERVICE_AT_THE_EDGE = (
    Key(
        "streams",
        "strings",
        "Path prefixes of WebSockets and server-sent events, inside this service's routes.",
        'path prefixes that start and end with a slash, such as "/api/v1/orders/live/"',
        ROUTE,
        ("/api/v1/orders/live/",),
    ),
    Key(
        "largest_body",
        "string",
        "The largest body of a request; 1MiB unless set, at most 100MiB.",
        'a size, such as "512KiB" or "25MiB"',
        r"[1-9][0-9]{0,6}(KiB|MiB)",
        "25MiB",
    ),
    _duration(
        "receive_within",
        "How long a client may take to send a request; 15s unless set.",
        "2m",
    ),
    _duration(
        "answer_within",
        "How long an answer may take, a second try included; 15s unless set.",
        "60s",
    ),
    _BYADDRESS,
    _BY_USER,
    Key("canary", "table", "Another version that gets a share of the requests.", keys=CANARY),
)
