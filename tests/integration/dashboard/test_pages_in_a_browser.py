"""The pages in a real browser: what they look like to everybody, and what can be done there."""

import http.server
import re
import threading
import time
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Route, expect

from tests.chromium import CHROMIUM
from tests.dashboard.browsing import AXE, NARROW, WIDE, faults, visitor
from tests.dashboard.operated import EVENT, RUN, operate
from tests.dashboard.running import TOKEN, Dashboard
from tests.dashboard.shop_like import Shop

pytestmark = [
    pytest.mark.skipif(CHROMIUM is None, reason="no chromium: apt-get install chromium"),
    pytest.mark.skipif(not AXE.exists(), reason="no axe-core: npm ci in tests/node"),
]

PAGES = [
    "/",
    "/?source=service:orders&target=service:payments",
    "/?node=service:payments",
    "/traces",
    "/traces?min=soon",
    "/traces?user=nobody",
    "A TRACE",
    "A SPAN",
    "/logs",
    "/logs/output/orders-web",
    "/metrics",
    "/metrics?service=orders",
    "/events",
    "/events/dead",
    f"/events/dead/replay?id={EVENT}",
    "/sagas",
    f"/sagas/orders/{RUN}",
    f"/sagas/orders/{RUN}/compensate",
    "/services",
    "/services/orders",
    "/services/orders/stop",
    "/api",
    "/api/orders/http",
    "/api/orders/shop.orders.v1.Orders/capture",
    "/mail",
    "/mail/one~0",
    "/advice",
    "/nothing",
    "/login?wrong=1",
]
LOOKS = {
    "light and wide": {"color_scheme": "light", "viewport": WIDE},
    "dark and narrow": {"color_scheme": "dark", "viewport": NARROW},
}


@pytest.fixture(scope="module", autouse=True)
def _state(dashboard: Dashboard) -> None:
    (dashboard.folder / "log" / "orders-web.log").write_text("listening\n" * 600)
    (dashboard.folder / "mail" / "one.log").write_text(
        "From: shop@x.example\nTo: alice@x.example\nSubject: Your order is confirmed\n"
        "Content-Type: text/html\nDate: Mon, 23 Nov 2026 10:00:00 +0000\n\n"
        "<html lang=en><title>Order</title><h1>Thank you</h1>\n" + "-" * 79 + "\n"
    )
    operate(dashboard.supervisor)
    dashboard.supervisor.status["processes"] += [
        {
            "service": "orders",
            "role": "web",
            "name": "orders-web",
            "pid": 1,
            "state": state,
            "since": "2026-11-23T10:00:00.000Z",
            "restarts": 3,
            "note": "exited with 1",
        }
        for state in ("running", "failed", "restarting")
    ]


@pytest.fixture(scope="module", params=LOOKS.values(), ids=LOOKS)
def looking(
    request: pytest.FixtureRequest, browser: Browser, dashboard: Dashboard
) -> Iterator[Page]:
    with visitor(browser, dashboard, **request.param) as context:
        yield context.new_page()


@pytest.fixture
def context(browser: Browser, dashboard: Dashboard) -> Iterator[BrowserContext]:
    with visitor(browser, dashboard) as opened:
        yield opened


@pytest.fixture
def page(context: BrowserContext) -> Page:
    opened = context.new_page()
    opened.on("pageerror", lambda error: pytest.fail(f"a script failed: {error}"))
    return opened


def purchase(page: Page) -> str:
    """The address of a trace of a purchase that went well and quickly."""
    page.goto("/traces?operation=POST+%2Fapi%2Fv1%2Forders%2F&status=ok&max=1s")
    return str(page.locator("table.traces tbody th a").first.get_attribute("href"))


def address(page: Page, path: str) -> str:
    if path == "A TRACE":
        return purchase(page)
    if path == "A SPAN":
        page.goto(purchase(page))
        return page.url.partition("?")[0] + str(
            page.get_by_title("payments: POST", exact=True).get_attribute("href")
        )
    return path


@pytest.mark.parametrize("path", PAGES)
def test_nothing_is_serious_to_axe_and_nothing_is_wider_than_the_window(
    looking: Page, path: str
) -> None:
    said: list[str] = []
    looking.on("console", lambda message: said.append(message.text))
    looking.goto(address(looking, path))
    assert faults(looking) == []
    wider = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    assert looking.evaluate(wider) <= 0
    assert [text for text in said if "Content Security Policy" in text] == []


def test_the_map_is_moved_by_the_keyboard_and_stays_when_news_come(
    page: Page, dashboard: Dashboard
) -> None:
    page.goto("/")
    expect(page.get_by_role("group", name="Zoom")).to_be_visible()
    before = page.locator("#map").get_attribute("viewBox")
    page.locator(".map-scroll").focus()
    page.keyboard.press("+")
    page.keyboard.press("ArrowRight")
    zoomed = page.locator("#map").get_attribute("viewBox")
    assert zoomed != before
    shop = Shop(time.time_ns(), seed=11)
    for _ in range(40):
        shop.visit(shop.now - 10**9)
    shown = page.locator("[id='node-service:gateway'] .figures")
    old = shown.text_content()
    dashboard.tell("traces", shop.spans())
    expect(shown).not_to_have_text(str(old))
    expect(page.locator("#map")).to_have_attribute("viewBox", str(zoomed))
    page.keyboard.press("0")
    expect(page.locator("#map")).to_have_attribute("viewBox", str(before))


def test_an_edge_opens_its_calls_and_has_an_address(page: Page) -> None:
    page.goto("/")
    page.get_by_role("link", name=re.compile("^orders to payments:")).focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="orders to payments")).to_be_visible()
    expect(page.get_by_role("heading", name="Latest traces that went this way")).to_be_visible()
    assert "source=service%3Aorders&target=service%3Apayments" in page.url.replace(":", "%3A")
    page.reload()
    expect(page.get_by_role("heading", name="orders to payments")).to_be_visible()


def test_a_waterfall_is_walked_folded_and_filtered(page: Page) -> None:
    page.goto(purchase(page))
    lines = page.locator(".waterfall .line:visible")
    all_lines = lines.count()
    first = page.locator(".waterfall a.text").first
    first.focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowLeft")  # folds
    assert lines.count() < all_lines / 2
    page.keyboard.press("ArrowRight")  # unfolds
    assert lines.count() == all_lines
    page.keyboard.press("Enter")
    details = page.locator(".span-details")
    expect(details).to_contain_text("app.order_id")
    page.keyboard.press("Enter")
    expect(details).to_have_count(0)
    page.get_by_label("Find in spans and logs").fill("api.bank.example")
    expect(lines).to_have_count(1)
    page.get_by_label("Find in spans and logs").fill("")
    page.get_by_label("Critical path only").check()
    assert 0 < lines.count() < all_lines


def test_logs_come_by_themselves_and_wait_while_paused(page: Page, dashboard: Dashboard) -> None:
    page.goto("/logs")
    rows = page.locator("#log-rows tr")
    before = rows.count()

    def say() -> int:
        shop = Shop(time.time_ns(), seed=before)
        shop.purchase(shop.now - 3 * 10**9)
        dashboard.tell("traces", shop.spans())
        dashboard.tell("logs", shop.logs())
        return 2

    came = say()
    expect(rows).to_have_count(before + came)
    page.get_by_role("button", name="Pause").click()
    came += say()
    resume = page.get_by_role("button", name="Resume (2 new)")
    expect(resume).to_be_visible()
    expect(rows).to_have_count(before + 2)
    resume.click()
    expect(rows).to_have_count(before + came)
    rows.first.get_by_role("link").click()
    expect(page.get_by_role("heading", name="Waterfall")).to_be_visible()


def test_a_page_is_live_however_late_one_of_its_scripts_comes(page: Page) -> None:
    """What listens to streams has to be known to htmx before that looks for them, once."""

    def late(route: Route) -> None:
        time.sleep(0.5)
        route.continue_()

    page.route("**/hx-sse.min.js", late)
    with page.expect_response("**/logs/stream**") as stream:
        page.goto("/logs")
    assert stream.value.status == 200


def test_a_trace_is_found_by_the_number_of_its_order(page: Page) -> None:
    page.goto(purchase(page) + "?")
    order = re.search(r"order ([0-9a-f-]{36}) taken", page.locator(".waterfall").inner_text())
    page.goto("/traces")
    page.get_by_label("Attributes, or the id of a trace").fill(f"app.order_id={order[1]}")
    page.keyboard.press("Enter")
    expect(page.locator("table.traces tbody tr")).to_have_count(1)


def test_colours_are_chosen_and_remembered(page: Page) -> None:
    page.goto("/logs")
    ground = "getComputedStyle(document.body).backgroundColor"
    light = page.evaluate(ground)
    page.get_by_role("button", name="Dark").click()
    dark = page.evaluate(ground)
    assert dark != light
    page.goto("/traces")
    assert page.evaluate(ground) == dark
    page.get_by_role("button", name="As the system").click()
    assert page.evaluate(ground) == light


def test_times_are_in_the_zone_of_the_browser(page: Page) -> None:
    page.goto("/traces")
    shown = page.locator("table.traces time").first
    utc = str(shown.get_attribute("title"))
    hour = int(shown.inner_text()[:2])
    assert (hour - int(utc[11:13])) % 24 in {1, 2}  # Berlin


def test_the_keyboard_skips_the_navigation(page: Page) -> None:
    page.goto("/traces")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.closest('main') !== null")


def test_reading_works_without_scripts(browser: Browser, dashboard: Dashboard) -> None:
    with visitor(browser, dashboard, java_script_enabled=False) as context:
        page = context.new_page()
        page.goto("/")
        page.get_by_role("link", name=re.compile("^orders to payments:")).click()
        expect(page.get_by_role("heading", name="orders to payments")).to_be_visible()
        page.goto(purchase(page))
        page.get_by_title("payments: POST", exact=True).click()
        expect(page.locator(".span-details")).to_contain_text("api.bank.example")


@pytest.fixture
def stranger(dashboard: Dashboard) -> Iterator[str]:
    """A page on another port of this machine, which wants to drive the dashboard."""
    target = f"{dashboard.url}/services/orders/restart"
    page = f"""<!doctype html>
      <form method=post action="{target}"><button>Win a prize</button></form>
      <iframe id=frame src="{dashboard.url}/logs"></iframe>
      <img id=picture src="{dashboard.url}/static/icon.svg">"""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(page.encode())

        def log_message(self, *args: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://localhost:{server.server_port}/"
    server.shutdown()
    server.server_close()


def test_a_page_on_another_port_can_neither_frame_nor_read_nor_drive_it(
    context: BrowserContext, dashboard: Dashboard, stranger: str
) -> None:
    page = context.new_page()
    refused: list[tuple[str, int]] = []
    page.on("response", lambda answer: refused.append((answer.url, answer.status)))
    page.goto(stranger, wait_until="networkidle")
    assert (f"{dashboard.url}/logs", 403) in refused
    assert page.frame_locator("#frame").locator("table").count() == 0
    assert page.evaluate("document.getElementById('picture').naturalWidth") == 0
    for mode in ("cors", "no-cors"):
        how = f"{{mode: '{mode}', credentials: 'include'}}"
        got = f"fetch('{dashboard.url}/logs', {how}).then(a => a.text()).catch(e => 'nothing')"
        assert page.evaluate(got) in {"nothing", ""}
    with page.expect_response(lambda answer: answer.url.endswith("/restart")) as answer:
        page.get_by_role("button").click()
    assert answer.value.status == 403


def test_the_door_takes_the_token_from_a_form(browser: Browser, dashboard: Dashboard) -> None:
    context = browser.new_context(base_url=dashboard.url)
    page = context.new_page()
    page.goto("/metrics")
    page.get_by_label("Token").fill("wrong")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("That is not the token")
    page.get_by_label("Token").fill(TOKEN)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Metrics", exact=True)).to_be_visible()
    assert TOKEN not in page.url
    context.close()
