"""What a shop of services tells of itself, as OTLP in JSON: realistic, and the same every time.

Used where pages are to have something to show without a running system. Times are nanoseconds.
"""

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


class Shop:
    """A system in which `purchases` and `visits` happen, up to the moment `now`."""

    def __init__(self, now: int, seed: int = 7) -> None:
        self.now = now
        self.chance = random.Random(seed)
        self._spans: dict[tuple[str, str], list[Json]] = {}
        self._logs: dict[tuple[str, str], list[Json]] = {}

    def live(self, minutes: int = 20, purchases: int = 40, visits: int = 160) -> None:
        """Let customers come, evenly over the last `minutes`."""
        length = minutes * 60 * SECOND
        for _ in range(purchases):
            self.purchase(self.now - self.chance.randrange(5 * SECOND, length))
        for _ in range(visits):
            self.visit(self.now - self.chance.randrange(SECOND, length))

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

    def metrics(self, minutes: int = 20) -> Json:
        """An ExportMetricsServiceRequest: how far each handler lags behind, every 15 seconds."""
        lags = {"users": "send_confirmation", "orders": "remember_product"}
        found = []
        for service, handler in lags.items():
            points = []
            for number in range(minutes * 4):
                at = self.now - (minutes * 4 - number) * 15 * SECOND
                lag = abs(self.chance.gauss(0.2, 0.15)) + (9 if 40 < number < 48 else 0)
                label = attributes({"ramet.handler": f"shop.{service}.handlers.{handler}"})
                points.append({"timeUnixNano": str(at), "asDouble": lag, "attributes": label})
            gauge = {
                "name": "ramet.events.oldest.waiting",
                "unit": "s",
                "gauge": {"dataPoints": points},
            }
            found.append(
                {"resource": resource(service, "worker"), "scopeMetrics": [{"metrics": [gauge]}]}
            )
        return {"resourceMetrics": found}

    # -- What happens ------------------------------------------------------------------------------

    def visit(self, at: int) -> str:
        """Somebody looks at products; the database is sometimes slow."""
        trace = self._id(16)
        sql = int(self.chance.lognormvariate(0.6, 0.5) * MS)
        took = sql + 6 * MS
        edge = self._span(
            trace,
            None,
            "gateway",
            "GET /api/v1/products/",
            "server",
            at,
            took,
            {
                "http.request.method": "GET",
                "http.response.status_code": 200,
            },
        )
        view = self._view(trace, edge, "products", "GET /api/v1/products/", at + MS, took - 2 * MS)
        self._sql(trace, view, "products", "SELECT products_product", at + 2 * MS, sql)
        return trace

    def purchase(self, at: int) -> str:
        """An order from the gateway to the confirmation mail; some are refused, some slow."""
        trace, order = self._id(16), self._uuid()
        slow = self.chance.random() < 0.08
        declined = self.chance.random() < 0.12
        user = self.chance.choice(["alice", "bob", "carol"])
        mine = {"app.order_id": order, "user.id": user}
        edge = self._span(
            trace,
            None,
            "gateway",
            "POST /api/v1/orders/",
            "server",
            at,
            34 * MS,
            {
                "http.request.method": "POST",
                "http.response.status_code": 202,
            },
        )
        view = self._view(trace, edge, "orders", "POST /api/v1/orders/", at + MS, 32 * MS, **mine)
        self._log(trace, view, "orders", at + 3 * MS, "info", f"order {order} taken")
        self._call(trace, view, "orders", "users", "users.v1.Users/may_buy", at + 4 * MS, 7 * MS)
        self._sql(trace, view, "orders", "INSERT orders_order", at + 13 * MS, 2 * MS)
        self._sql(trace, view, "orders", "INSERT orders_line", at + 16 * MS, MS)
        placed = self._publish(trace, view, "orders", "orders.OrderPlaced.v1", at + 19 * MS)
        self._handle(trace, placed, "orders.OrderPlaced.v1", "products", "plan_stock", at + 60 * MS)
        self._saga(trace, view, order, at + 80 * MS, slow, declined)
        return trace

    def _saga(self, trace: str, view: str, order: str, at: int, slow: bool, declined: bool) -> None:
        bank = (1_900 if slow else 90) * MS
        step = {"ramet.saga": "PlaceOrder", "ramet.saga_id": order, "ramet.attempt": 1}
        first = self._span(
            trace,
            view,
            "orders",
            "PlaceOrder.reserve",
            "internal",
            at,
            24 * MS,
            {
                **step,
                "ramet.step": "reserve",
            },
            role="worker",
        )
        self._call(
            trace,
            first,
            "orders",
            "products",
            "products.v1.Products/reserve",
            at + 2 * MS,
            18 * MS,
            queries=["SELECT products_product", "UPDATE products_stock"],
        )
        at += 30 * MS
        second = self._span(
            trace,
            view,
            "orders",
            "PlaceOrder.authorise",
            "internal",
            at,
            bank + 20 * MS,
            {**step, "ramet.step": "authorise"},
            role="worker",
            error="Declined: the card was declined" if declined else None,
        )
        inside = self._call(
            trace,
            second,
            "orders",
            "payments",
            "payments.v1.Payments/authorise",
            at + 2 * MS,
            bank + 14 * MS,
            refused="declined" if declined else None,
        )
        self._span(
            trace,
            inside,
            "payments",
            "POST",
            "client",
            at + 6 * MS,
            bank,
            {
                "http.request.method": "POST",
                "server.address": "api.bank.example",
                "url.full": "https://api.bank.example/v1/authorisations",
                "http.response.status_code": 402 if declined else 200,
            },
            error="402 Payment Required" if declined else None,
        )
        self._sql(trace, inside, "payments", "INSERT payments_payment", at + 7 * MS + bank, 2 * MS)
        at += bank + 30 * MS
        if declined:
            self._log(trace, second, "orders", at - 2 * MS, "warning", f"order {order} declined")
            undo = {**step, "ramet.step": "reserve", "ramet.compensation": True}
            back = self._span(
                trace,
                view,
                "orders",
                "PlaceOrder.release",
                "internal",
                at,
                16 * MS,
                undo,
                role="worker",
            )
            self._call(
                trace,
                back,
                "orders",
                "products",
                "products.v1.Products/release",
                at + 2 * MS,
                11 * MS,
                queries=["UPDATE products_stock"],
            )
            return
        last = self._span(
            trace,
            view,
            "orders",
            "PlaceOrder.confirm",
            "internal",
            at,
            12 * MS,
            {
                **step,
                "ramet.step": "confirm",
            },
            role="worker",
        )
        self._sql(trace, last, "orders", "UPDATE orders_order", at + 2 * MS, 2 * MS)
        event = "orders.OrderConfirmed.v1"
        sent = self._publish(trace, last, "orders", event, at + 8 * MS)
        handled = self._handle(trace, sent, event, "users", "send_confirmation", at + 70 * MS)
        mail = {"messaging.system": "celery", "celery.task_name": "shop.users.tasks.send_mail"}
        queued = self._span(
            trace,
            handled,
            "users",
            "publish shop.users.tasks.send_mail",
            "producer",
            at + 74 * MS,
            MS,
            mail,
            role="worker",
        )
        run = self._span(
            trace,
            queued,
            "users",
            "run shop.users.tasks.send_mail",
            "consumer",
            at + 110 * MS,
            21 * MS,
            mail,
            role="celery",
        )
        self._log(trace, run, "users", at + 130 * MS, "info", "confirmation sent", role="celery")

    # -- How it is told ----------------------------------------------------------------------------

    def _view(
        self, trace: str, parent: str, service: str, name: str, at: int, took: int, **more: Any
    ) -> str:
        method, _, route = name.partition(" ")
        return self._span(
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
                "ramet.request_id": self._id(8),
            }
            | {key.replace("__", "."): value for key, value in more.items()},
        )

    def _call(
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
        out = self._span(
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
        inside = self._span(
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
            self._sql(trace, inside, callee, query, at + (2 + 3 * number) * MS, 2 * MS)
        return inside

    def _sql(self, trace: str, parent: str, service: str, name: str, at: int, took: int) -> None:
        verb, _, table = name.partition(" ")
        self._span(
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

    def _publish(self, trace: str, parent: str, service: str, event: str, at: int) -> str:
        what = {"messaging.system": "ramet", "messaging.destination.name": event}
        made = self._span(
            trace,
            parent,
            service,
            f"publish {event}",
            "producer",
            at,
            MS,
            {**what, "messaging.operation.type": "create"},
        )
        return self._span(
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

    def _handle(
        self, trace: str, parent: str, event: str, service: str, handler: str, at: int
    ) -> str:
        what = {"messaging.system": "ramet", "messaging.destination.name": event}
        received = self._span(
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
        handled = self._span(
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
        self._sql(trace, handled, service, f"UPDATE {service}_seen", at + 3 * MS, 2 * MS)
        return handled

    def _span(
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
            "spanId": self._id(8),
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

    def _log(
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

    def _id(self, size: int) -> str:
        return self.chance.randbytes(size).hex()

    def _uuid(self) -> str:
        text = self._id(16)
        return "-".join((text[:8], text[8:12], text[12:16], text[16:20], text[20:]))
