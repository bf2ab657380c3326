"""Telemetry is written by anybody: whatever names and texts say, pages show it as text."""

import re
import time

import pytest

from tests.conftest import eventually
from tests.dashboard.telling import MS, Teller

SCRIPT = "\"'><script>alert(1)</script>{{7*7}}"
LONG = "x" * 20_000


@pytest.fixture(scope="module", params=[SCRIPT, LONG], ids=["script", "long"])
def told(request, dashboard):
    """A trace in which every text is the same hostile one, and the address of its page."""
    text = request.param
    teller = Teller(seed=len(text))
    now = time.time_ns() - 10**9
    trace = teller.id(16)
    root = teller.span(
        trace, None, text, text, "server", now, 50 * MS, {text: text, "http.route": text}
    )
    teller.call(trace, root, text, text, f"{text}/{text}", now + MS, 9 * MS)
    teller.sql(trace, root, text, text, now + 20 * MS, MS)
    event = teller.publish(trace, root, text, text, now + 30 * MS)
    teller.handle(trace, event, text, text, text, now + 40 * MS)
    teller.span(trace, root, text, text, "client", now, MS, {"server.address": text}, error=text)
    teller.log(trace, root, text, now + 2 * MS, "error", text)
    dashboard.tell("traces", teller.spans(), whole=text == SCRIPT)
    dashboard.tell("logs", teller.logs(), whole=text == SCRIPT)
    eventually(lambda: dashboard.get(f"/traces/{trace}").status == 200)
    return f"/traces/{trace}"


def pages(dashboard, trace):
    """Every page that could show it, and what their links open."""
    seen = {}
    for path in ("/", "/traces", trace, "/logs", "/metrics", "/advice", "/services"):
        seen[path] = dashboard.get(path)
        for link in re.findall(r'(?:hx-get|href)="(/[^"#]*)', seen[path].text)[:60]:
            address = link.replace("&amp;", "&")
            if len(address) < 30_000:
                seen.setdefault(address, None)
    return {path: answer or dashboard.get(path) for path, answer in seen.items()}


def test_every_page_shows_it_as_text(dashboard, told):
    for path, answer in pages(dashboard, told).items():
        assert answer.status < 500, path
        assert "<script>alert" not in answer.text, path
        assert "49" not in re.findall(r"<h1>[^<]*</h1>", answer.text), path


def test_a_page_stays_small_whatever_a_name_is(dashboard, told):
    assert len(dashboard.get(told).text) < 3_000_000


def test_of_a_trace_without_end_a_part_is_shown_and_it_is_said(dashboard):
    teller = Teller(seed=1)
    now, trace = time.time_ns() - 10**9, teller.id(16)
    root = teller.span(trace, None, "loop", "GET /loop/", "server", now, 900 * MS, {})
    for number in range(2_500):
        teller.sql(trace, root, "loop", "SELECT row", now + number * MS // 3, MS // 4)
    dashboard.tell("traces", teller.spans())

    def whole() -> str:
        page: str = dashboard.get(f"/traces/{trace}").text
        return page if "spans more are not shown" in page else ""

    page = eventually(whole, within=15)
    assert page.count('<li class="line d') == 2_000


def test_of_long_lines_a_trace_shows_the_beginnings(dashboard):
    teller = Teller(seed=2)
    now, trace = time.time_ns() - 10**9, teller.id(16)
    root = teller.span(trace, None, "loop", "GET /talks/", "server", now, 900 * MS, {})
    for number in range(200):
        teller.log(trace, root, "loop", now + number * MS, "info", LONG)
    dashboard.tell("traces", teller.spans())
    dashboard.tell("logs", teller.logs())

    def whole() -> str:
        page: str = dashboard.get(f"/traces/{trace}").text
        return page if page.count('<li class="line log') >= 200 else ""

    page = eventually(whole, within=15)
    assert len(page) < 2_000_000
