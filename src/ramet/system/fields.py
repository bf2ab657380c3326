"""Every table and key of `ramet.toml`, once: the reader and the JSON Schema both use it."""

from dataclasses import dataclass
from typing import Literal

from ramet.system.secrets import ELSEWHERE

__all__ = [
    "GATEWAY",
    "INFRASTRUCTURE",
    "RESERVED_NAMES",
    "RESERVED_PREFIX",
    "SERVICE",
    "SYSTEM",
    "TABLES",
    "Key",
]


@dataclass(frozen=True, slots=True)
class Key:
    """One key of a table. `pattern` is a regular expression for the whole of each string.

    It is written so that Python and ECMA-262 (which JSON Schema uses) read it alike.
    `expected` says in words what the pattern says. `planned` is a pattern of values that have a
    meaning but nothing behind them yet: they are refused, as nothing would be done with them.
    """

    name: str
    kind: Literal["string", "strings"]
    description: str
    expected: str
    pattern: str = r".+"
    example: str | tuple[str, ...] = ""
    required: bool = False
    planned: str = ""


SERVICE_NAME = r"[a-z](-?[a-z0-9]){0,39}"
_MODULE = r"[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z_][A-Za-z0-9_]*)*"

# Words that name something else where a service's name could stand: placements, the engines that
# `ramet status` lists, a cluster of the gateway, and databases and roles of PostgreSQL's own.
RESERVED_NAMES = frozenset(
    {
        *("monolith", "services", "gateway", "mesh", "postgres", "broker", "dashboard", "issuer"),
        *("template0", "template1", "public", "none"),
    }
)
RESERVED_PREFIX = "pg-"
"""PostgreSQL keeps roles that begin with "pg_" for itself."""

SYSTEM = (
    Key(
        "name",
        "string",
        "The system's name. It is the audience of tokens and part of names on the broker.",
        'a name of lower-case letters, digits and hyphens, such as "shop"',
        SERVICE_NAME,
        "shop",
        required=True,
    ),
    Key(
        "settings",
        "string",
        "The Django settings module, which ends with ramet.place(globals()).",
        'a dotted module name, such as "shop.settings"',
        _MODULE,
        "shop.settings",
        required=True,
    ),
)

SERVICE = (
    Key(
        "apps",
        "strings",
        "Django apps that this service owns, third-party ones among them. "
        "They are absent from processes without it.",
        'dotted module names, such as "shop.orders"',
        _MODULE,
        ("shop.orders",),
    ),
    Key(
        "routes",
        "strings",
        "Path prefixes that the gateway sends to this service.",
        'path prefixes that start and end with a slash, such as "/api/v1/orders/"',
        r"/((?!\.{1,2}/)[A-Za-z0-9._~-]+/)*",
        ("/api/v1/orders/",),
    ),
    Key(
        "owner",
        "string",
        "The people who look after this service.",
        "a name",
        example="orders team",
    ),
    Key(
        "command",
        "strings",
        "The program of a service that is not Django, and its arguments.",
        'a program and its arguments, such as ["node", "server.mjs"]',
        example=("node", "shipping/server.mjs"),
    ),
    Key(
        "contract",
        "string",
        "An OpenAPI file of a service that is not Django, relative to ramet.toml.",
        'a file, such as "shipping/openapi.yaml"',
        example="shipping/openapi.yaml",
    ),
)

GATEWAY = (
    Key(
        "listen",
        "string",
        "Address and port of the gateway; the dashboard takes the next port.",
        'an address and a port from 1 to 65534, such as "127.0.0.1:8000"',
        r"(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9.-]+):[0-9]{1,5}",
        "127.0.0.1:8000",
    ),
    Key(
        "issuer",
        "string",
        "The service that signs tokens, or the https URL of a foreign issuer.",
        "the name of a service, or a URL",
        rf"{SERVICE_NAME}|https?://[^ ]+",
        "users",
    ),
)

INFRASTRUCTURE = (
    Key(
        "postgres",
        "string",
        "The databases' server.",
        '"embedded", postgresql://..., "$NAME" of an environment variable, or "file:/path"',
        rf"embedded|{ELSEWHERE}|postgres(ql)?://[^ ]+",
        "embedded",
    ),
    Key(
        "broker",
        "string",
        "The message broker that carries events between services.",
        '"embedded", nats://..., kafka://..., amqp://..., redis://..., postgresql://...,'
        ' "$NAME" of an environment variable, or "file:/path"',
        rf"embedded|{ELSEWHERE}|(nats|tls|kafkas?|amqps?|rediss?|postgres(ql)?)://[^ ]+",
        "embedded",
    ),
    Key(
        "telemetry",
        "string",
        "Where logs go: to the dashboard. OTLP collectors are not built yet.",
        '"dashboard"',
        r"dashboard",
        "dashboard",
        planned=rf"none|{ELSEWHERE}|https?://.+",
    ),
    Key(
        "discovery",
        "string",
        "How services find each other: on this machine. "
        "Kubernetes, Consul and Eureka are not built yet.",
        '"local"',
        r"local",
        "local",
        planned=rf"kubernetes|{ELSEWHERE}|(consul|eureka)://.+",
    ),
)

TABLES: dict[str, tuple[str, tuple[Key, ...]]] = {
    "system": ("What the whole system is.", SYSTEM),
    "services": ("One table for each service, such as [services.orders].", SERVICE),
    "gateway": ("The edge: where requests from outside arrive.", GATEWAY),
    "infrastructure": (
        "The engines: embedded ones for local work, your own by URL elsewhere.",
        INFRASTRUCTURE,
    ),
}
