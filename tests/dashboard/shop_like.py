"""What a shop of services tells of itself, as OTLP in JSON: realistic, and the same every time.

Used where pages are to have something to show without a running system. Times are nanoseconds.
"""

from tests.dashboard.telling import MS, SECOND, Json, Teller, attributes, resource


class Shop(Teller):
    """A system in which `purchases` and `visits` happen, up to the moment `now`."""

    def __init__(self, now: int, seed: int = 7) -> None:
        super().__init__(seed)
        self.now = now

    def live(
        self, minutes: int = 20, purchases: int = 40, visits: int = 160, baskets: int = 0
    ) -> None:
        """Let customers come, evenly over the last `minutes`."""
        length = minutes * 60 * SECOND
        for _ in range(purchases):
            self.purchase(self.now - self.chance.randrange(5 * SECOND, length))
        for _ in range(visits):
            self.visit(self.now - self.chance.randrange(SECOND, length))
        for _ in range(baskets):
            self.basket(self.now - self.chance.randrange(SECOND, length))

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
        trace = self.id(16)
        sql = int(self.chance.lognormvariate(0.6, 0.5) * MS)
        took = sql + 6 * MS
        edge = self.span(
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
        view = self.view(trace, edge, "products", "GET /api/v1/products/", at + MS, took - 2 * MS)
        self.sql(trace, view, "products", "SELECT products_product", at + 2 * MS, sql)
        return trace

    def basket(self, at: int) -> str:
        """Somebody looks at a basket, whose page asks for each product by itself."""
        trace, lines = self.id(16), self.chance.randrange(6, 11)
        took = (lines * 9 + 8) * MS
        asked = {"http.request.method": "GET", "http.response.status_code": 200}
        edge = self.span(trace, None, "gateway", "GET /basket/", "server", at, took, asked)
        view = self.view(trace, edge, "storefront", "GET /basket/", at + MS, took - 2 * MS)
        for number in range(lines):
            moment = at + (4 + number * 9) * MS
            self.call(
                trace, view, "storefront", "products", "products.v1.Products/get", moment, 8 * MS
            )
        return trace

    def purchase(self, at: int) -> str:
        """An order from the gateway to the confirmation mail; some are refused, some slow."""
        trace, order = self.id(16), self.uuid()
        slow = self.chance.random() < 0.08
        declined = self.chance.random() < 0.12
        user = self.chance.choice(["alice", "bob", "carol"])
        mine = {"app.order_id": order, "user.id": user}
        edge = self.span(
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
        view = self.view(trace, edge, "orders", "POST /api/v1/orders/", at + MS, 32 * MS, **mine)
        self.log(trace, view, "orders", at + 3 * MS, "info", f"order {order} taken")
        self.call(trace, view, "orders", "users", "users.v1.Users/may_buy", at + 4 * MS, 7 * MS)
        self.sql(trace, view, "orders", "INSERT orders_order", at + 13 * MS, 2 * MS)
        self.sql(trace, view, "orders", "INSERT orders_line", at + 16 * MS, MS)
        placed = self.publish(trace, view, "orders", "orders.OrderPlaced.v1", at + 19 * MS)
        self.handle(trace, placed, "orders.OrderPlaced.v1", "products", "plan_stock", at + 60 * MS)
        self._saga(trace, view, order, at + 80 * MS, slow, declined)
        return trace

    def _saga(self, trace: str, view: str, order: str, at: int, slow: bool, declined: bool) -> None:
        bank = (1_900 if slow else 90) * MS
        step = {"ramet.saga": "PlaceOrder", "ramet.saga_id": order, "ramet.attempt": 1}
        first = self.span(
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
        self.call(
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
        second = self.span(
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
        inside = self.call(
            trace,
            second,
            "orders",
            "payments",
            "payments.v1.Payments/authorise",
            at + 2 * MS,
            bank + 14 * MS,
            refused="declined" if declined else None,
        )
        self.span(
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
        self.sql(trace, inside, "payments", "INSERT payments_payment", at + 7 * MS + bank, 2 * MS)
        at += bank + 30 * MS
        if declined:
            self.log(trace, second, "orders", at - 2 * MS, "warning", f"order {order} declined")
            undo = {**step, "ramet.step": "reserve", "ramet.compensation": True}
            back = self.span(
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
            self.call(
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
        last = self.span(
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
        self.sql(trace, last, "orders", "UPDATE orders_order", at + 2 * MS, 2 * MS)
        event = "orders.OrderConfirmed.v1"
        sent = self.publish(trace, last, "orders", event, at + 8 * MS)
        handled = self.handle(trace, sent, event, "users", "send_confirmation", at + 70 * MS)
        mail = {"messaging.system": "celery", "celery.task_name": "shop.users.tasks.send_mail"}
        queued = self.span(
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
        run = self.span(
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
        self.log(trace, run, "users", at + 130 * MS, "info", "confirmation sent", role="celery")
