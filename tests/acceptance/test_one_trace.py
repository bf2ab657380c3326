"""One purchase is one trace, from the gateway to the Celery task that sends the confirmation; and a
page is one, with what its script fetches."""

import json
import secrets
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from ramet.tools.local.folder import Folder
from tests.acceptance.chromium import needs_chromium
from tests.acceptance.running_shop import RunningShop
from tests.acceptance.test_storefront_in_a_browser import buy, put_into_basket, sign_in
from tests.otlp import Collector, SpanRow, collector

BROWSER = "b" * 16

Hop = tuple[tuple[str, str], tuple[str, str], bool]

HOPS: tuple[Hop, ...] = (
    # The parent's service and name, the child's, and whether something was stored in between.
    (("gateway", "POST"), ("orders", "POST /api/v1/orders/"), False),
    (("orders", "POST /api/v1/orders/"), ("orders", "INSERT orders_order"), False),
    (("orders", "POST /api/v1/orders/"), ("orders", "PlaceOrder.reserve"), True),
    (("orders", "PlaceOrder.reserve"), ("orders", "shop.products.v1.Products/reserve"), False),
    (
        ("orders", "shop.products.v1.Products/reserve"),
        ("products", "shop.products.v1.Products/reserve"),
        False,
    ),
    (
        ("products", "shop.products.v1.Products/reserve"),
        ("products", "UPDATE products_product"),
        False,
    ),
    (("orders", "PlaceOrder.authorise"), ("orders", "shop.payments.v1.Payments/authorise"), False),
    (("orders", "PlaceOrder.confirm"), ("orders", "publish shop.orders.OrderConfirmed.v1"), False),
    (
        ("orders", "publish shop.orders.OrderConfirmed.v1"),
        ("orders", "send shop.orders.OrderConfirmed.v1"),
        True,
    ),
    (
        ("orders", "publish shop.orders.OrderConfirmed.v1"),
        ("users", "receive shop.orders.OrderConfirmed.v1"),
        True,
    ),
    (
        ("orders", "publish shop.orders.OrderConfirmed.v1"),
        ("users", "process shop.orders.OrderConfirmed.v1"),
        True,
    ),
    (
        ("users", "process shop.orders.OrderConfirmed.v1"),
        ("users", "publish shop.users.tasks.send_letters"),
        False,
    ),
    (
        ("users", "publish shop.users.tasks.send_letters"),
        ("users", "run shop.users.tasks.send_letters"),
        True,
    ),
    (("users", "run shop.users.tasks.send_letters"), ("users", "SELECT users_letter"), False),
)

HOPS_OF_A_PAGE: tuple[Hop, ...] = (
    (("gateway", "GET"), ("storefront", "GET /orders/{order_id}/"), False),
    # Here the browser is: the page has told its script.
    (("storefront", "GET /orders/{order_id}/"), ("gateway", "GET"), False),
    (("gateway", "GET"), ("storefront", "GET /orders/{order_id}/status/"), False),
)


@pytest.fixture(scope="module")
def kept() -> Iterator[Collector]:
    with collector() as it:
        yield it


@pytest.fixture(scope="module")
def shop(kept: Collector, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningShop]:
    """The shop, each service by itself, with a collector of ours."""
    shop = RunningShop(tmp_path_factory.mktemp("shop") / "shop", "services")
    shop.changes['telemetry = "dashboard"'] = f'telemetry = "{kept.url}"'
    with shop.running():
        yield shop


@pytest.mark.timeout(300)  # with starting and stopping the shop
def test_a_purchase_is_one_trace_without_an_orphan_and_without_a_secret(
    shop: RunningShop, kept: Collector
) -> None:
    trace_id = secrets.token_hex(16)
    password, name = secrets.token_urlsafe(16), f"carol{secrets.token_hex(3)}"
    person = {"username": name, "email": f"{name}@example.org", "password": password}
    assert shop.call("POST", "/api/v1/users/", user=None, json=person).status_code == 201
    sent = {"traceparent": f"00-{trace_id}-{BROWSER}-00", "cookie": "sessionid=c00k1e"}
    answer = shop.order((shop.with_stock(3), 1), **sent)
    order = answer.json()["id"]
    assert shop.settled(order)["status"] == "confirmed"

    def spans() -> list[SpanRow]:
        return [span for span in kept.spans() if span.trace_id == trace_id]

    # Processes export by themselves, one after the other: until all have, parents are missing.
    kept.wait(lambda: not _missing(HOPS, spans()) and not _orphans(spans(), {BROWSER}), 30)
    [gateway] = [span for span in spans() if span.resource["service.name"] == "gateway"]
    assert gateway.parent_id == BROWSER
    [view] = [span for span in spans() if span.name == "POST /api/v1/orders/"]
    assert view.attributes["app.order_id"] == order
    assert view.attributes["user.id"]
    assert not [span for span in spans() if span.is_error]
    lines = [line for line in kept.logs() if line.trace_id == trace_id]
    assert {"event.handled", "saga.completed"} <= {line.body for line in lines}
    assert {line.span_id for line in lines} <= {span.span_id for span in spans()}

    token, folder = shop.token(), Folder(shop.folder)
    state = json.loads(folder.state.read_text())
    told = [repr(each) for each in (*kept.spans(), *kept.logs())]
    told += [file.read_text(errors="replace") for file in folder.logs.glob("*.log")]
    for secret in (
        *(token, token.split(".")[2], password, state["demo_password"], "c00k1e"),
        *(f"{name}@", "alice@", "@example.org"),
        *(url.split("@")[0].rpartition(":")[2] for url in state["databases"].values()),
    ):
        assert secret, "an empty text is found everywhere"
        found = [text for text in told if secret in text]
        assert not found, f"told: {found[0][:2000]}"


@needs_chromium
@pytest.mark.timeout(300)
def test_what_a_page_fetches_is_in_the_trace_of_the_page(
    shop: RunningShop, kept: Collector, page: Page
) -> None:
    page.goto("/auth/sign-in/")
    sign_in(page, "alice", shop.demo_password)
    put_into_basket(page, "BK-801")
    with page.expect_request(lambda request: request.url.endswith("/status/")) as fetched:
        buy(page, "Card ending in 0005")  # slow enough for the page's script to look again
    told = page.locator("meta[name=traceparent]").get_attribute("content")
    assert told is not None
    assert fetched.value.headers["traceparent"] == told
    _, trace_id, shown, _ = told.split("-")
    expect(page.locator("[data-status=confirmed]")).to_be_visible(timeout=30_000)  # no more come

    def spans() -> list[SpanRow]:
        return [span for span in kept.spans() if span.trace_id == trace_id]

    kept.wait(lambda: not _missing(HOPS_OF_A_PAGE, spans()) and not _orphans(spans(), {""}), 30)
    assert {span.name for span in spans() if span.span_id == shown} == {"GET /orders/{order_id}/"}
    assert len([span for span in spans() if not span.parent_id]) == 1, "the page's own request"


def _missing(hops: tuple[Hop, ...], spans: list[SpanRow]) -> list[Hop]:
    """Those that these spans do not show."""
    by_id = {span.span_id: span for span in spans}

    def shows(parent: object, child: object, is_stored: bool) -> bool:
        return any(
            _is(span, child)
            and _is(by_id.get(span.parent_id), parent)
            and (not is_stored or (span.trace_id, span.parent_id) in span.links)
            for span in spans
        )

    return [hop for hop in hops if not shows(*hop)]


def _is(span: SpanRow | None, wanted: object) -> bool:
    return span is not None and (span.resource["service.name"], span.name) == wanted


def _orphans(spans: list[SpanRow], beginnings: set[str]) -> list[SpanRow]:
    known = {span.span_id for span in spans} | beginnings
    return [span for span in spans if span.parent_id not in known]
