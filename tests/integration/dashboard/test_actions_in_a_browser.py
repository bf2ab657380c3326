"""Everything that changes something, done by a person in a real browser: each after its question.

The supervisor says what a test wants, so that what it was told can be looked at, and so that it
can refuse.
"""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from socketserver import UnixStreamServer
from threading import Thread
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.chromium import CHROMIUM
from tests.dashboard.browsing import NARROW, WIDE, visitor
from tests.dashboard.operated import EVENT, LETTER, RUN, operate
from tests.dashboard.running import Dashboard, running

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no chromium: apt-get install chromium")

LOOKS = {
    "light and wide": {"color_scheme": "light", "viewport": WIDE},
    "dark and narrow": {"color_scheme": "dark", "viewport": NARROW},
}
FAULT = {"service": "orders", "operation": "capture", "where": "orders.capture", "what": "gone"}
REFUSAL = "this cannot be done now"


@pytest.fixture(scope="module")
def dashboard() -> Iterator[Dashboard]:
    with running() as started:
        yield started


@pytest.fixture(autouse=True)
def supervised(dashboard: Dashboard) -> None:
    operate(dashboard.supervisor)
    dashboard.supervisor.asked.clear()


@pytest.fixture(scope="module", params=LOOKS.values(), ids=LOOKS)
def page(request: pytest.FixtureRequest, browser: Browser, dashboard: Dashboard) -> Iterator[Page]:
    with visitor(browser, dashboard, **request.param) as context:
        opened = context.new_page()
        opened.on("pageerror", lambda error: pytest.fail(f"a script failed: {error}"))
        yield opened


def press(name: str) -> Callable[[Page], None]:
    return lambda page: page.get_by_role("button", name=name, exact=True).first.click()


def follow(name: str) -> Callable[[Page], None]:
    return lambda page: page.get_by_role("link", name=name, exact=True).first.click()


def scale(page: Page) -> None:
    page.get_by_label("Web processes").fill("3")
    page.get_by_role("button", name="Scale").click()


def choose_fault(page: Page) -> None:
    page.get_by_label("What").select_option("orders.capture")
    page.get_by_label("Slower by, in ms").fill("500")
    page.get_by_label("Of so many percent").fill("50")


def explain(page: Page) -> None:
    follow("Compensate …")(page)
    page.get_by_label("Why, kept with the run").fill("the customer asked")


def manage(service: str, *arguments: str) -> dict[str, Any]:
    return {"command": "manage", "service": service, "arguments": [*arguments], "via": "dashboard"}


def to_orders(command: str, **more: Any) -> dict[str, Any]:
    return {"command": command, "service": "orders", "via": "dashboard", **more}


@dataclass(frozen=True)
class Act:
    """From the page at `path`, `begin` leads to the question, or fills in; `end` does it.

    The supervisor is then `told`, and the page has `said` it. `state` is what the system is
    before, other than that all runs.
    """

    path: str
    end: Callable[[Page], None]
    told: dict[str, Any]
    said: str
    begin: Callable[[Page], None] = lambda _: None
    state: Callable[[dict[str, Any]], None] = lambda _: None


def everything_stopped(status: dict[str, Any]) -> None:
    for process in status["processes"]:
        process["state"] = "stopped"


ONE_LETTER = ("--json", f"--handler={LETTER['handler']}", "--", EVENT)
ACTS = {
    "replay": Act(
        path="/events/dead?service=users",
        begin=follow("Try again …"),
        end=press("Try again"),
        told=manage("users", "ramet_events", "replay", *ONE_LETTER),
        said="users: 1 will be tried again.",
    ),
    "discard": Act(
        path="/events/dead?service=users",
        begin=follow("Discard …"),
        end=press("Discard"),
        told=manage("users", "ramet_events", "discard", *ONE_LETTER),
        said="users: 1 will be kept and never tried again.",
    ),
    "resume": Act(
        path=f"/sagas/orders/{RUN}",
        begin=follow("Resume …"),
        end=press("Resume"),
        told=manage("orders", "ramet_sagas", "resume", "--json", RUN),
        said="The run goes on.",
    ),
    "compensate": Act(
        path=f"/sagas/orders/{RUN}",
        begin=explain,
        end=press("Turn back"),
        told=manage(
            "orders", "ramet_sagas", "compensate", "--json", "--why=the customer asked", RUN
        ),
        said="The run turns back.",
    ),
    "restart": Act(
        path="/services/orders",
        end=press("Restart"),
        told=to_orders("restart"),
        said="orders was restarted.",
    ),
    "scale": Act(
        path="/services/orders",
        end=scale,
        told=to_orders("scale", count=3),
        said="orders has 3 web processes.",
    ),
    "stop": Act(
        path="/services/orders",
        begin=follow("Stop …"),
        end=press("Stop"),
        told=to_orders("stop-service"),
        said="orders is stopped.",
    ),
    "start": Act(
        path="/services/orders",
        state=everything_stopped,
        end=press("Start"),
        told=to_orders("start-service"),
        said="orders is started.",
    ),
    "fault on": Act(
        path="/services/orders",
        begin=choose_fault,
        end=press("Switch on"),
        told=to_orders("fault", delay=500, status=0, share=50, gone=False)
        | {"service": "orders.capture"},
        said="orders.capture has a fault now.",
    ),
    "fault off": Act(
        path="/services/orders",
        state=lambda status: status.update(faults=[FAULT]),
        end=press("Switch off"),
        told=to_orders("fault", off=True) | {"service": "orders.capture"},
        said="orders.capture is as it was.",
    ),
}


def notice(page: Page, text: str) -> Any:
    return page.locator("p.notice").filter(has_text=text)


@pytest.mark.parametrize("act", ACTS.values(), ids=ACTS)
def test_what_is_asked_of_the_page_is_done_once_it_was_meant_and_said(
    page: Page, dashboard: Dashboard, act: Act
) -> None:
    act.state(dashboard.supervisor.status)
    page.goto(act.path)
    act.begin(page)
    assert act.told not in dashboard.supervisor.asked
    act.end(page)
    expect(notice(page, act.said)).to_be_visible()
    assert dashboard.supervisor.asked.count(act.told) == 1
    # It is said once.
    page.reload()
    expect(notice(page, act.said)).to_have_count(0)


@pytest.mark.parametrize("act", ACTS.values(), ids=ACTS)
def test_what_is_refused_is_said_with_its_reason(
    page: Page, dashboard: Dashboard, act: Act
) -> None:
    supervisor = dashboard.supervisor
    act.state(supervisor.status)
    page.goto(act.path)
    act.begin(page)
    usual = supervisor.answers[act.told["command"]]
    supervisor.answers[act.told["command"]] = lambda request: (
        {"error": REFUSAL} if request == act.told else usual(request)
    )
    act.end(page)
    expect(notice(page, REFUSAL)).to_be_visible()
    expect(notice(page, REFUSAL)).to_have_class("notice failed")
    expect(notice(page, act.said)).to_have_count(0)


class Service(BaseHTTPRequestHandler):
    """A web process of orders; `answer` is the status and the body that a call gets."""

    answer: tuple[int, Any]
    heard: list[tuple[str, Any]]

    def do_GET(self) -> None:
        self._say(200, {})

    def do_POST(self) -> None:
        length = int(self.headers["Content-Length"])
        self.heard.append((self.path, json.loads(self.rfile.read(length))))
        self._say(*self.answer)

    def _say(self, status: int, content: Any) -> None:
        body = json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def orders(dashboard: Dashboard) -> Iterator[type[Service]]:
    class Orders(Service):
        answer = (200, {"captured": 7})
        heard: list[tuple[str, Any]] = []

    socket = Path(dashboard.folder, "orders.web.sock")
    server = UnixStreamServer(str(socket), Orders)
    Thread(target=server.serve_forever, daemon=True).start()
    yield Orders
    server.shutdown()
    server.server_close()
    socket.unlink()


@pytest.mark.parametrize(
    ("answer", "shown"),
    [
        ((200, {"captured": 7}), ["done", '"captured": 7']),
        (
            (400, {"code": "failed_precondition", "message": "It was paid before."}),
            ["refused by the service", "It was paid before."],
        ),
    ],
    ids=["done", "refused"],
)
def test_an_operation_is_called_once_it_was_meant_and_its_answer_is_shown(
    page: Page, orders: type[Service], answer: tuple[int, Any], shown: list[str]
) -> None:
    orders.answer = answer
    page.goto("/api")
    page.get_by_role("link", name="capture").first.click()
    page.get_by_label("order_id").fill("7")
    press("Call …")(page)
    expect(page.get_by_role("heading", name="Call capture?")).to_be_visible()
    assert orders.heard == []
    press("Call")(page)
    result = page.get_by_role("region", name="Answer")
    for text in shown:
        expect(result).to_contain_text(text)
    assert orders.heard == [("/.ramet/calls/shop.orders.v1.Orders/capture", {"order_id": "7"})]
