"""AsyncAPI 3.0: the events of a system as a document for other tools, made of its manifest."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

__all__ = ["document"]

Json = dict[str, Any]

_PROTOCOLS = {
    "nats": "nats",
    "tls": "nats",
    "kafka": "kafka",
    "kafkas": "kafka-secure",
    "amqp": "amqp",
    "amqps": "amqps",
    "redis": "redis",
    "rediss": "redis",
    "postgres": "postgresql",
    "postgresql": "postgresql",
}

_CLOUDEVENT: Json = {
    "title": "CloudEvent",
    "description": "CloudEvents 1.0 in structured JSON, with the partitioning and the tracing"
    " extension.",
    "type": "object",
    "required": ["specversion", "id", "source", "type", "data"],
    "properties": {
        "specversion": {"const": "1.0"},
        "id": {"type": "string", "format": "uuid"},
        "source": {"type": "string", "format": "uri-reference"},
        "type": {"type": "string"},
        "time": {"type": "string", "format": "date-time"},
        "datacontenttype": {"const": "application/json"},
        "partitionkey": {"type": "string", "maxLength": 255},
        "traceparent": {"type": "string"},
        "tracestate": {"type": "string"},
        "requestid": {"type": "string"},
    },
}


def document(manifest: Json, broker: str, service: str = "") -> Json:
    """The AsyncAPI 3.0 document of a manifest (https://www.asyncapi.com/docs/reference).

    `broker` is what ramet.toml says, or the URL that it names; credentials in it are left out. One
    channel an event and version. The schemas are the manifest's, of JSON Schema 2020-12, with their
    parts moved to `components`: what msgspec makes of events is the same in AsyncAPI's own dialect.
    """
    events = {
        name: event | {"service": publisher}
        for publisher, declared in manifest["services"].items()
        for name, event in declared.get("events", {}).items()
    }
    operations = dict(_operations(manifest, events, service))
    used = {each["channel"]["$ref"].rpartition("/")[2] for each in operations.values()}
    schemas: Json = {"CloudEvent": _CLOUDEVENT}
    channels, messages = {}, {}
    for name in sorted(used):
        schemas |= _parts(name, events[name]["schema"])
        messages[name] = _message(name, events[name]["schema"])
        channels[name] = {
            "address": _address(manifest["system"], events[name]["service"], name, broker),
            "messages": {name: {"$ref": f"#/components/messages/{name}"}},
            "servers": [{"$ref": "#/servers/broker"}],
            **_bindings(manifest["system"], broker),
        }
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": f"Events of {service or manifest['system']}",
            "version": str(manifest["manifest"]),
        },
        "defaultContentType": "application/cloudevents+json",
        "servers": {"broker": _server(broker)},
        "channels": channels,
        "operations": operations,
        "components": {"messages": messages, "schemas": schemas},
    }


def _operations(manifest: Json, events: Json, service: str) -> Iterator[tuple[str, Json]]:
    for name, declared in manifest["services"].items():
        if service not in ("", name):
            continue
        for event in declared.get("events", {}):
            yield f"{name}.send.{event}", _operation("send", event, f"{name} announces it.")
        for handler, subscription in declared.get("subscriptions", {}).items():
            if subscription["event"] in events:
                order = "in the order of their keys" if subscription["ordered"] else "in any order"
                told = f"{handler} works them off, {order}."
                yield (
                    f"{name}.receive.{handler}",
                    _operation("receive", subscription["event"], told),
                )


def _operation(action: str, event: str, summary: str) -> Json:
    return {
        "action": action,
        "summary": summary,
        "channel": {"$ref": f"#/channels/{event}"},
        "messages": [{"$ref": f"#/channels/{event}/messages/{event}"}],
    }


def _message(name: str, schema: Json) -> Json:
    own = schema["$ref"].rpartition("/")[2]
    data = {"type": {"const": name}, "data": {"$ref": f"#/components/schemas/{name}.{own}"}}
    told = schema["$defs"][own].get("description")
    return {
        "name": name,
        "title": own,
        **({"description": told} if told else {}),
        "contentType": "application/cloudevents+json",
        "payload": {"allOf": [{"$ref": "#/components/schemas/CloudEvent"}, {"properties": data}]},
    }


def _parts(name: str, schema: Json) -> Json:
    """The parts of one event's schema, under names that those of no other event have."""
    return {f"{name}.{part}": _moved(each, name) for part, each in schema["$defs"].items()}


def _moved(schema: Any, name: str) -> Any:
    if isinstance(schema, list):
        return [_moved(each, name) for each in schema]
    if not isinstance(schema, dict):
        return schema
    return {
        key: f"#/components/schemas/{name}.{value.removeprefix('#/$defs/')}"
        if key == "$ref" and isinstance(value, str)
        else _moved(value, name)
        for key, value in schema.items()
    }


def _address(system: str, service: str, name: str, broker: str) -> str | None:
    """Where the adapter of the broker puts the event; None, unknown, with an unknown broker."""
    match _protocol(broker):
        case "nats":
            return ".".join([system, "events", service, *name.split(".")[-2:]])
        case "kafka" | "kafka-secure":
            return f"{system}.events"
        case "redis":
            return f"{system}:events"
        case "postgresql":  # its rows in the tables of the broker
            return system
        case "amqp" | "amqps":  # the routing key; the exchange is a binding
            return name
    return None


def _bindings(system: str, broker: str) -> Json:
    if not _protocol(broker).startswith("amqp"):
        return {}
    exchange = {"name": f"{system}.events", "type": "topic", "durable": True, "autoDelete": False}
    binding = {"is": "routingKey", "exchange": exchange, "bindingVersion": "0.3.0"}
    return {"bindings": {"amqp": binding}}


def _server(broker: str) -> Json:
    """Where it is known only to the environment, it is a variable."""
    url = urlsplit(broker)
    host = url.netloc.rpartition("@")[2]  # Kafka's may be several
    if host and "@" not in url.path:  # else a password with a slash is cut in two
        return {"host": host, "protocol": _protocol(broker)}
    told = "Host and port of RAMET_BROKER_URL"
    return {
        "host": "{broker}",
        "protocol": _protocol(broker),
        "variables": {"broker": {"description": told}},
    }


def _protocol(broker: str) -> str:
    """As AsyncAPI names it; the local system embeds NATS."""
    if broker == "embedded":
        return "nats"
    return _PROTOCOLS.get(urlsplit(broker).scheme, "unknown")
