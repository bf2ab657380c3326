"""OTLP in JSON as services send it: spans and logs, with the attributes that they have."""

import random
from typing import Any

MS = 1_000_000
SECOND = 1_000 * MS
KINDS = {"internal": 1, "server": 2, "client": 3, "producer": 4, "consumer": 5}

Json = dict[str, Any]


def attributes(values: Json) -> list[Json]:
    """As OTLP writes them (opentelemetry/proto/common/v1)."""
    return [{"key": key, "value": _value(value)} for key, value in values.items()]


def _value(value: Any) -> Json:
    match value:
        case bool():
            return {"boolValue": value}
        case int():
            return {"intValue": str(value)}
        case float():
            return {"doubleValue": value}
        case _:
            return {"stringValue": str(value)}


def resource(service: str, role: str = "web") -> Json:
    named = {"service.name": service, "service.namespace": "shop", "service.version": "1.4.2"}
    return {
        "attributes": attributes(
            {**named, "service.instance.id": f"{service}-{role}-1", "ramet.role": role}
        )
    }


class Teller:
    """Collects what services tell; the same every time for the same `seed`."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)
        self._spans: dict[tuple[str, str], list[Json]] = {}
        self._logs: dict[tuple[str, str], list[Json]] = {}

    def spans(self) -> Json:
        """An ExportTraceServiceRequest."""
        return {
            "resourceSpans": [
                {"resource": resource(*of), "scopeSpans": [{"spans": spans}]}
                for of, spans in self._spans.items()
            ]
        }

    def logs(self) -> Json:
        """An ExportLogsServiceRequest."""
        return {
            "resourceLogs": [
                {"resource": resource(*of), "scopeLogs": [{"logRecords": logs}]}
                for of, logs in self._logs.items()
            ]
        }

    def view(
        self, trace: str, parent: str, service: str, name: str, at: int, took: int, **more: Any
    ) -> str:
        method, _, route = name.partition(" ")
        return self.span(
            trace,
            parent,
            service,
            name,
            "server",
            at,
            took,
            {
                "http.request.method": method,
                "http.route": route,
                "url.path": route,
                "http.response.status_code": 202 if method == "POST" else 200,
                "ramet.request_id": self.id(8),
            }
            | {key.replace("__", "."): value for key, value in more.items()},
        )

    def call(
        self,
        trace: str,
        parent: str,
        caller: str,
        callee: str,
        operation: str,
        at: int,
        took: int,
        queries: list[str] | None = None,
        refused: str | None = None,
    ) -> str:
        common = {"rpc.system.name": "connectrpc", "rpc.method": operation}
        common |= {"ramet.operation": operation}
        error = f"refused: {refused}" if refused else None
        out = self.span(
            trace,
            parent,
            caller,
            operation,
            "client",
            at,
            took,
            {
                **common,
                "ramet.callee": callee,
                "ramet.deadline_ms": 500,
                "code.file.path": f"shop/{caller}/sagas.py",
                "code.line.number": 42,
            },
            error=error,
        )
        inside = self.span(
            trace,
            out,
            callee,
            operation,
            "server",
            at + MS,
            took - 2 * MS,
            {**common, "ramet.caller": caller},
            error=error,
        )
        for number, query in enumerate(queries or ["SELECT " + callee]):
            self.sql(trace, inside, callee, query, at + (2 + 3 * number) * MS, 2 * MS)
        return inside

    def sql(self, trace: str, parent: str, service: str, name: str, at: int, took: int) -> None:
        verb, _, table = name.partition(" ")
        self.span(
            trace,
            parent,
            service,
            name,
            "client",
            at,
            took,
            {
                "db.system.name": "postgresql",
                "db.namespace": service,
                "db.operation.name": verb,
                "db.collection.name": table,
                "db.query.text": f"{verb} ... {table} ... %s",
                "code.file.path": f"shop/{service}/services.py",
                "code.line.number": 31,
            },
        )

    def publish(self, trace: str, parent: str, service: str, event: str, at: int) -> str:
        what = {"messaging.system": "ramet", "messaging.destination.name": event}
        made = self.span(
            trace,
            parent,
            service,
            f"publish {event}",
            "producer",
            at,
            MS,
            {**what, "messaging.operation.type": "create"},
        )
        return self.span(
            trace,
            made,
            service,
            f"send {event}",
            "producer",
            at + 12 * MS,
            3 * MS,
            {**what, "messaging.operation.type": "send"},
            role="worker",
        )

    def handle(
        self, trace: str, parent: str, event: str, service: str, handler: str, at: int
    ) -> str:
        what = {"messaging.system": "ramet", "messaging.destination.name": event}
        received = self.span(
            trace,
            parent,
            service,
            f"receive {event}",
            "consumer",
            at,
            MS,
            {**what, "messaging.operation.type": "receive"},
            role="worker",
        )
        name = f"shop.{service}.handlers.{handler}"
        handled = self.span(
            trace,
            received,
            service,
            f"process {event}",
            "consumer",
            at + 2 * MS,
            6 * MS,
            {
                **what,
                "messaging.operation.type": "process",
                "ramet.handler": name,
                "ramet.attempt": 1,
            },
            role="worker",
        )
        self.sql(trace, handled, service, f"UPDATE {service}_seen", at + 3 * MS, 2 * MS)
        return handled

    def span(
        self,
        trace: str,
        parent: str | None,
        service: str,
        name: str,
        kind: str,
        at: int,
        took: int,
        values: Json,
        role: str = "web",
        error: str | None = None,
    ) -> str:
        span = {
            "traceId": trace,
            "spanId": self.id(8),
            "name": name,
            "kind": KINDS[kind],
            "startTimeUnixNano": str(at),
            "endTimeUnixNano": str(at + took),
            "attributes": attributes(values),
            "status": {},
        }
        if parent is not None:
            span["parentSpanId"] = parent
        if error is not None:
            span["status"] = {"code": 2, "message": error}
        self._spans.setdefault((service, role), []).append(span)
        return str(span["spanId"])

    def log(
        self, trace: str, span: str, service: str, at: int, level: str, text: str, role: str = "web"
    ) -> None:
        number = {"debug": 5, "info": 9, "warning": 13, "error": 17}[level]
        self._logs.setdefault((service, role), []).append(
            {
                "timeUnixNano": str(at),
                "severityNumber": number,
                "severityText": level.upper(),
                "body": {"stringValue": text},
                "traceId": trace,
                "spanId": span,
                "attributes": attributes({"logger": f"shop.{service}"}),
            }
        )

    def id(self, size: int) -> str:
        return self.chance.randbytes(size).hex()

    def uuid(self) -> str:
        text = self.id(16)
        return "-".join((text[:8], text[8:12], text[12:16], text[16:20], text[20:]))
