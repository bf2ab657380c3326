"""`kafka://user:password@host:9092,host:9092/?property=value` as properties of librdkafka.

The names are those of
https://github.com/confluentinc/librdkafka/blob/master/CONFIGURATION.md, so whatever a cluster needs
can be said in the URL, except what the guarantees of the adapter rest on.
"""

from __future__ import annotations

from urllib.parse import parse_qsl, unquote

from ramet.errors import DiagnosticError, Mistake

OURS = frozenset(
    {
        *("bootstrap.servers", "group.id", "acks", "request.required.acks", "enable.idempotence"),
        *("partitioner", "enable.auto.commit", "auto.commit.enable", "auto.offset.reset"),
        *(
            "enable.auto.offset.store",
            "enable.partition.eof",
            "max.in.flight",
            "message.timeout.ms",
        ),
        *("transactional.id", "isolation.level", "max.in.flight.requests.per.connection"),
    }
)
"""Properties that the URL may not set: order, acknowledgement and places depend on them."""

MECHANISM = "SCRAM-SHA-512"
"""How a user proves who it is, unless the URL says `sasl.mechanism`."""


def properties(url: str) -> dict[str, str]:
    """The properties that every client of this address needs.

    Raises DiagnosticError, without showing the URL, for properties that are ours.
    """
    scheme, _, rest = url.partition("://")
    rest, _, query = rest.partition("?")
    credentials, at, hosts = rest.rstrip("/").rpartition("@")
    given = dict(parse_qsl(query, keep_blank_values=True))
    if refused := sorted(OURS & given.keys()):
        raise DiagnosticError(
            *(
                Mistake(
                    "broker-url",
                    "RAMET_BROKER_URL",
                    f"the property {name}",
                    "properties of librdkafka other than those that keep order and places",
                    f"leave {name} out",
                )
                for name in refused
            )
        )
    found = {"bootstrap.servers": hosts}
    security = "ssl" if scheme == "kafkas" else "plaintext"
    if at:
        user, _, password = credentials.partition(":")
        found["sasl.mechanism"] = MECHANISM
        found["sasl.username"], found["sasl.password"] = unquote(user), unquote(password)
        security = f"sasl_{security}"
    return found | {"security.protocol": security} | given


def unreadable(why: str) -> DiagnosticError:
    """The error for properties that librdkafka refuses; `why` is its own sentence."""
    return DiagnosticError(
        Mistake(
            "broker-url",
            "RAMET_BROKER_URL",
            f"properties that the client of Kafka refuses: {why}",
            "kafka://user:password@host:9092,host:9092/?name=value with properties of librdkafka",
            "correct the properties in the URL",
        )
    )
