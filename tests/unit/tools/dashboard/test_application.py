"""The pages as a browser gets them, from the real process."""

import os
import re
import time

import pytest

from tests.dashboard.shop_like import Shop

PAGES = ["/", "/traces", "/logs", "/metrics", "/events", "/sagas", "/services", "/api", "/mail"]
PAGES += ["/advice", "/events/dead"]


def process(**changes):
    return {
        "service": "orders",
        "role": "web",
        "name": "orders-web",
        "pid": os.getpid(),
        "state": "running",
        "since": "2026-11-23T10:00:00.000Z",
        "restarts": 0,
        "note": "",
        **changes,
    }


@pytest.fixture(autouse=True)
def _running_system(dashboard):
    dashboard.supervisor.status = {"gateway": "http://localhost:8000", "processes": [process()]}


@pytest.fixture(scope="module")
def shop(dashboard):
    told = Shop(time.time_ns())
    told.live(minutes=10, purchases=12, visits=60)
    dashboard.fill(told)
    return told


def a_purchase(dashboard) -> str:
    """The address of a trace of a purchase."""
    page = dashboard.get("/traces?operation=POST+%2Fapi%2Fv1%2Forders%2F").text
    return re.search(r'href="(/traces/[0-9a-f]{32})"', page)[1]


@pytest.mark.parametrize("path", PAGES)
def test_every_page_of_a_new_system_says_what_to_do(dashboard, path):
    answer = dashboard.get(path)
    assert answer.status == 200
    assert 'aria-current="page"' in answer.text
    assert "<h1>" in answer.text


def test_a_process_is_shown_with_its_memory(dashboard):
    page = dashboard.get("/services").text
    assert "orders" in page
    assert " MB" in page
    assert {"command": "status"} in dashboard.supervisor.asked


def test_a_process_that_failed_is_told_with_its_reason(dashboard):
    dashboard.supervisor.status["processes"] = [
        process(state="failed", pid=None, note="exited with 1", restarts=3)
    ]
    assert "exited with 1" in dashboard.get("/services").text


def test_a_system_that_is_down_is_said_and_not_an_error(dashboard):
    path = dashboard.supervisor.path
    hidden = path.with_suffix(".hidden")
    path.rename(hidden)
    try:
        answer = dashboard.get("/services")
    finally:
        hidden.rename(path)
    assert answer.status == 200
    assert "The system is down" in answer.text


def test_output_is_shown_as_text(dashboard):
    (dashboard.folder / "log" / "orders-web.log").write_text("<script>alert(1)</script>\n")
    page = dashboard.get("/logs/output/orders-web").text
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert "<script>alert" not in page


def test_a_mail_is_listed_and_its_html_is_in_a_sandbox(dashboard):
    (dashboard.folder / "mail" / "one.log").write_text(
        "From: s@x.example\nTo: alice@x.example\nSubject: <b>Hello</b>\n"
        "Content-Type: text/html\n"
        "Date: Mon, 23 Nov 2026 10:00:00 +0000\n\n<script>alert(1)</script>\n" + "-" * 79 + "\n"
    )
    listed = dashboard.get("/mail").text
    assert "&lt;b&gt;Hello&lt;/b&gt;" in listed
    assert 'href="/mail/one~0"' in listed
    page = dashboard.get("/mail/one~0").text
    assert '<iframe class="letter" sandbox title' in page
    assert "<script>alert" not in page
    letter = dashboard.get("/mail/one~0/html")
    assert "<script>alert" in letter.text
    assert letter.headers["content-security-policy"].startswith("sandbox; default-src 'none'")


@pytest.mark.parametrize(
    "path",
    [
        "/logs/output/..%2Fsecret",
        "/mail/..%2Fsecret~0",
        "/nothing",
        "/traces/00",
        "/v2/traces",
        "/static/../settings.py",
        "/static/vendor/README.md",
    ],
)
def test_what_does_not_exist_is_404(dashboard, path):
    (dashboard.folder / "secret.log").write_text("secret\n")
    answer = dashboard.get(path)
    assert answer.status == 404
    assert "secret\n" not in answer.text


def test_pages_load_nothing_from_elsewhere(dashboard):
    page = dashboard.get("/").text
    assert 'src="http' not in page
    assert 'rel="stylesheet" href="http' not in page
    for asset in re.findall(r'(?:src|href)="(/static/[^"]+)"', page):
        assert dashboard.get(asset).status == 200


def test_an_asset_that_the_browser_has_is_not_sent_again(dashboard):
    tag = dashboard.get("/static/dashboard.css").headers["etag"]
    again = dashboard.get("/static/dashboard.css", **{"If-None-Match": tag})
    assert (again.status, again.text) == (304, "")


@pytest.mark.usefixtures("shop")
class TestWithTelemetry:
    """Pages of a system that has been used."""

    def test_the_map_shows_who_calls_whom_and_who_fails(self, dashboard):
        page = dashboard.get("/").text
        assert "gateway to orders: " in page
        assert "orders to payments: " in page
        assert re.search(r"api\.bank\.example</a> \d+% of 1\d fail", page)

    def test_an_edge_shows_its_traces(self, dashboard):
        page = dashboard.get("/?source=service:orders&target=service:payments").text
        assert "Latest traces that went this way" in page
        assert page.count("POST /api/v1/orders/</a>") == 12

    def test_a_node_shows_its_operations(self, dashboard):
        page = dashboard.get("/system/details?node=service:payments").text
        assert "payments.v1.Payments/authorise" in page

    def test_a_process_that_is_gone_is_a_reason(self, dashboard):
        dashboard.supervisor.status["processes"] = [
            process(name="users-web", service="users", state="restarting", note="exited with 9")
        ]
        assert "users-web is restarting: exited with 9" in dashboard.get("/").text

    @pytest.mark.parametrize(
        ("query", "found"),
        [
            ("service=payments", 12),
            ("operation=products%2F", 50),
            ("min=300ms", None),
            ("min=1h", 0),
            ("attributes=http.response.status_code=402", None),
            ("user=nobody", 0),
        ],
    )
    def test_traces_are_found_by(self, dashboard, query, found):
        answer = dashboard.get(f"/traces?{query}")
        count = len(re.findall(r'<th scope="row"[^>]*><a href="/traces/', answer.text))
        assert count == found if found is not None else 0 < count < 13

    def test_older_traces_are_on_the_next_page_and_none_twice(self, dashboard):
        seen, path = [], "/traces"
        while path:
            page = dashboard.get(path).text
            seen += re.findall(r'<th scope="row"[^>]*><a href="(/traces/[^"]+)"', page)
            following = re.search(r'rel="next" href="([^"]+)"', page)
            path = following[1].replace("&amp;", "&") if following else ""
        assert len(seen) == len(set(seen)) == 72

    def test_a_wrong_duration_is_told_beside_its_field(self, dashboard):
        page = dashboard.get("/traces?min=soon").text
        assert "Write a number and a unit" in page
        assert 'value="soon"' in page

    def test_the_id_of_a_trace_leads_to_it(self, dashboard):
        path = a_purchase(dashboard)
        answer = dashboard.get(f"/traces?attributes={path.rpartition('/')[2].upper()}")
        assert (answer.status, answer.headers["location"]) == (303, path)

    def test_a_trace_has_its_logs_sql_and_events_in_place(self, dashboard):
        page = dashboard.get(a_purchase(dashboard)).text
        places = [
            page.index('title="gateway: POST /api/v1/orders/"'),
            page.index(" taken"),
            page.index('title="orders: INSERT orders_order"'),
            page.index('title="orders: publish orders.OrderPlaced.v1"'),
            page.index('title="products: process orders.OrderPlaced.v1"'),
        ]
        assert places == sorted(places)
        assert "Why it took 34 ms" in page

    def test_a_span_is_opened_by_itself(self, dashboard):
        path = a_purchase(dashboard)
        page = dashboard.get(path).text
        span = re.search(r'hx-get="(/traces/\w+/spans/\w+)"[^>]*title="payments: POST"', page)[1]
        part = dashboard.get(span).text
        assert "https://api.bank.example/v1/authorisations" in part
        assert "<html" not in part

    def test_logs_are_filtered_and_lead_to_their_trace(self, dashboard):
        page = dashboard.get("/logs?service=users&text=confirmation").text
        lines = re.findall(r'<tr id="log-', page)
        assert 0 < len(lines) <= 12
        trace = re.search(r'href="(/traces/[0-9a-f]{32})\?span=', page)[1]
        assert dashboard.get(trace).status == 200
        assert "No log line is like this" in dashboard.get("/logs?level=fatal").text

    def test_metrics_have_a_curve_and_a_table_for_each_service(self, dashboard):
        page = dashboard.get("/metrics").text
        for name in ("Traffic", "Errors", "Latency", "Lag"):
            assert f"<h3>{name}" in page
        assert re.search(r'<path class="curve [^"]*" d="M\d', page)
        # Cut where there is little room, and whole where one points at it.
        assert 'title="users, shop.users.handlers.send_confirmation"' in page
        assert "\N{HORIZONTAL ELLIPSIS}handlers.send_confirmation</th>" in page

    def test_any_metric_can_be_looked_at(self, dashboard):
        page = dashboard.get("/metrics?metric=ramet.events.oldest.waiting&service=users").text
        assert "</svg>shop.users.handlers.send_confirmation</th>" in page
        assert "Golden signals by service" not in page

    def test_every_page_says_what_is_kept(self, dashboard):
        for path in PAGES:
            assert " of 72 traces" in dashboard.get(path).text


def test_times_are_in_the_zone_of_the_reader(dashboard, shop):
    path = a_purchase(dashboard)
    there = f"{dashboard.cookie}; ramet-zone=Asia/Kathmandu"
    found = re.search(r'title="([^"]+)Z"[^>]*>([\d:.]+)<', dashboard.get(path, Cookie=there).text)
    utc, shown = found[1].partition("T")[2], found[2]
    minutes = [int(part[:2]) * 60 + int(part[3:5]) for part in (utc, shown)]
    assert (minutes[1] - minutes[0]) % (24 * 60) == 5 * 60 + 45


@pytest.mark.parametrize("zone", ["../../etc/passwd", "Nowhere/Land", "\x00", "Europe"])
def test_a_zone_that_is_none_is_utc(dashboard, shop, zone):
    answer = dashboard.get("/traces", Cookie=f"{dashboard.cookie}; ramet-zone={zone.strip(chr(0))}")
    assert answer.status == 200
