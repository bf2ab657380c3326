"""Nobody but the person with the token is answered, and no page but the dashboard's own."""

import http.client

import pytest

from tests.dashboard.running import TOKEN

PAGES = [
    "/",
    "/traces",
    "/logs",
    "/metrics",
    "/services",
    "/mail",
    "/advice",
    "/system/stream",
    "/logs/output/orders-web",
    "/mail/one~0/html",
    "/nothing",
    "/v1/nothing",
    "/v1/traces/more",
]


def test_the_link_leads_in_and_leaves_no_token_in_the_address(dashboard):
    answer = dashboard.ask(f"/traces?service=orders&token={TOKEN}")
    assert (answer.status, answer.headers["location"]) == (303, "/traces?service=orders")
    cookie = answer.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=strict" in cookie
    assert TOKEN not in cookie


def test_a_link_cannot_lead_to_another_host(dashboard):
    answer = dashboard.ask(f"//evil.example/?token={TOKEN}")
    assert answer.headers["location"] == "/evil.example/"


@pytest.mark.parametrize("path", PAGES)
def test_without_the_token_there_is_no_page(dashboard, path):
    for cookie in ("", f"ramet-dashboard-{dashboard.port}=wrong", "ramet-dashboard-1=" + "0" * 64):
        refused = dashboard.ask(path, headers={"Cookie": cookie})
        assert refused.status == 401
        sent_to_the_door = dashboard.ask(path, headers={"Cookie": cookie, "Accept": "text/html"})
        assert sent_to_the_door.status == 303
        assert sent_to_the_door.headers["location"].startswith("/login?to=")


def test_a_wrong_token_is_told_so(dashboard):
    answer = dashboard.ask("/?token=wrong")
    assert answer.status == 303
    assert "set-cookie" not in answer.headers
    page = dashboard.ask(answer.headers["location"]).text
    assert "That is not the token" in page


def test_the_door_sends_on_to_this_server_only(dashboard):
    for evil in (
        "https://evil.example/",
        "//evil.example/",
        "/\\evil.example/",
        "/%09/evil.example/",
    ):
        page = dashboard.ask(f"/login?to={evil}").text
        assert 'action="https:' not in page
        assert 'action="//' not in page
        assert 'action="/\\' not in page
        assert 'action="/\t' not in page


@pytest.mark.parametrize(
    "host",
    ["evil.example", "evil.example:8001", "localhost", "localhost:1", "", "localhost.evil:8"],
)
def test_a_request_that_names_another_host_is_refused(dashboard, host):
    # What DNS rebinding can do: a page's own name leads here, and its cookie jar is its own.
    for path in ("/", "/live", "/login", "/v1/traces", "/static/dashboard.css"):
        assert dashboard.get(path, Host=host).status == 421


def test_two_hosts_are_one_too_many(dashboard):
    connection = http.client.HTTPConnection("127.0.0.1", dashboard.port, timeout=10)
    connection.putrequest("GET", "/", skip_host=True)
    connection.putheader("Host", f"localhost:{dashboard.port}")
    connection.putheader("Host", "evil.example")
    connection.putheader("Cookie", dashboard.cookie)
    connection.endheaders()
    assert connection.getresponse().status in {400, 421}
    connection.close()


# What is there to be changed differs by page; who may ask is looked at before any of them.
ANY = "/services/orders/restart"


@pytest.mark.parametrize(
    "foreign",
    [
        {"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": ""},
        {"Origin": "http://localhost:8000", "Sec-Fetch-Site": "same-site"},
        {"Origin": "http://localhost"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "none"},
    ],
)
def test_a_form_of_another_page_changes_nothing(dashboard, foreign):
    answer = dashboard.post(ANY, **foreign)
    assert (answer.status, answer.text) == (403, "Not from another page.\n")


def test_a_request_that_says_no_origin_changes_nothing(dashboard):
    own = {"Cookie": dashboard.cookie, "Content-Type": "application/x-www-form-urlencoded"}
    assert dashboard.ask(ANY, "POST", b"", own).status == 403


def test_our_own_form_needs_the_token_too(dashboard):
    assert dashboard.post(ANY, Cookie="").status == 401


def test_another_name_of_this_machine_is_another_origin(dashboard):
    answer = dashboard.post(ANY, Origin=f"http://127.0.0.1:{dashboard.port}")
    assert answer.status == 403


def test_only_a_visit_may_come_from_another_page(dashboard):
    visit = {"Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}
    assert dashboard.get("/traces", **{"Sec-Fetch-Site": "cross-site", **visit}).status == 200
    framed = {"Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "iframe"}
    image = {"Sec-Fetch-Mode": "no-cors", "Sec-Fetch-Dest": "image"}
    script = {"Sec-Fetch-Mode": "cors", "Sec-Fetch-Dest": "empty"}
    for how in (framed, image, script):
        for site in ("cross-site", "same-site"):
            assert dashboard.get("/traces", **{"Sec-Fetch-Site": site, **how}).status == 403


def test_telemetry_needs_no_token_and_comes_from_no_page(dashboard):
    told = {"Content-Type": "application/json"}
    assert dashboard.ask("/v1/traces", "POST", b"{}", told).status == 200
    for origin in ("https://evil.example", dashboard.url, "null"):
        answer = dashboard.ask("/v1/traces", "POST", b"{}", {**told, "Origin": origin})
        assert answer.status == 403


def test_no_page_may_be_framed_and_none_runs_what_it_shows(dashboard):
    for path in ("/", "/login", "/nothing", "/live"):
        headers = dashboard.get(path).headers
        policy = headers["content-security-policy"]
        assert "frame-ancestors 'none'" in policy
        assert "unsafe" not in policy
        assert policy.startswith("default-src 'none'")
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["cross-origin-resource-policy"] == "same-origin"


def test_pages_can_only_be_read(dashboard):
    for method in ("PUT", "DELETE", "PATCH", "POST"):
        for path in ("/", "/traces", "/logs", "/metrics", "/mail", "/advice"):
            answer = dashboard.ask(
                path, method, b"", {"Cookie": dashboard.cookie, "Origin": dashboard.url}
            )
            assert answer.status == 405
