"""Every table and key of `ramet.toml`, once: the reader and the JSON Schema both use it."""

from ramet.system.addresses import ADDRESS
from ramet.system.edge_fields import GATEWAY, SERVICE_AT_THE_EDGE
from ramet.system.keys import ORIGIN, ROUTE, SERVICE_NAME, Key
from ramet.system.secrets import ELSEWHERE

__all__ = [
    "CANDIDATE",
    "GATEWAY",
    "INFRASTRUCTURE",
    "SERVICE",
    "SYSTEM",
    "TABLES",
    "TELEMETRY",
]

_MODULE = r"[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z_][A-Za-z0-9_]*)*"

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
        ROUTE,
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
    Key(
        "calls",
        "strings",
        "The services that a program which is not Django calls. Of Django services the code tells.",
        'names of services, such as "orders"',
        SERVICE_NAME,
        ("orders",),
    ),
    *SERVICE_AT_THE_EDGE,
)

CANDIDATE = (
    Key(
        "models",
        "strings",
        "Models that `ramet assess` holds together with the apps of the service of this name, "
        "although they are still in another app.",
        'labels of models, such as "orders.Shipment"',
        r"[A-Za-z_][A-Za-z0-9_]*\.[A-Za-z_][A-Za-z0-9_]*",
        ("orders.Shipment",),
        required=True,
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
        "Where traces, metrics and logs go: to the dashboard, to an OTLP collector by its "
        "base URL, or nowhere.",
        '"dashboard", "off", http://... or https://..., "$NAME" of an environment variable, or '
        '"file:/path"',
        rf"dashboard|off|{ELSEWHERE}|https?://[^ ?#]+",
        "dashboard",
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
    Key(
        "rates",
        "string",
        "Where requests are counted that have a rate: in each gateway's memory, together in Redis, "
        "or by a service of Envoy's rate limit protocol.",
        '"embedded", redis://..., rediss://..., the http(s)://host:port of a rate limit service,'
        ' "$NAME" of an environment variable, or "file:/path"',
        rf"embedded|{ELSEWHERE}|rediss?://[^ ]+|{ORIGIN}",
        "embedded",
    ),
)

TELEMETRY = (
    Key(
        "sample",
        "share",
        "The share of requests whose traces are kept. "
        "Those with an error, and slow ones, always are.",
        "a number from 0 to 1, such as 0.1",
        example="0.1",
    ),
    Key(
        "slow",
        "string",
        "From how long on a request or a piece of work is slow.",
        'a whole number with ms, s or m, such as "500ms"',
        r"[0-9]{1,6}(ms|s|m)",
        "500ms",
    ),
    Key(
        "scrape",
        "string",
        "Where Prometheus reads the metrics of every service and of Envoy; nowhere unless set. "
        "Not for the public: whoever reaches it reads them.",
        'an address and a port, such as "127.0.0.1:9464"',
        ADDRESS,
        "127.0.0.1:9464",
    ),
)

TABLES: dict[str, tuple[str, tuple[Key, ...]]] = {
    "system": ("What the whole system is.", SYSTEM),
    "services": ("One table for each service, such as [services.orders].", SERVICE),
    "candidates": (
        "One table for each service that is to have models which another app has today, such as "
        "[candidates.shipping].",
        CANDIDATE,
    ),
    "gateway": ("The edge: where requests from outside arrive.", GATEWAY),
    "infrastructure": (
        "The engines: embedded ones for local work, your own by URL elsewhere.",
        INFRASTRUCTURE,
    ),
    "telemetry": ("How much of what happens is kept.", TELEMETRY),
}
