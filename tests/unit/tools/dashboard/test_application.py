"""The pages as a browser gets them, from the real process."""

import os

import pytest


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
    dashboard.supervisor.status = {
        "gateway": "http://localhost:8000",
        "processes": [process()],
    }


def test_the_first_page_shows_each_process_with_its_memory(dashboard):
    status, page, _ = dashboard.get("/")
    assert status == 200
    assert "orders" in page
    assert f"<td>{os.getpid()}</td>" in page
    assert " MB" in page
    assert dashboard.supervisor.asked[-1] == {"command": "status"}


def test_the_gateway_and_the_api_schema_are_linked(dashboard):
    _, page, _ = dashboard.get("/")
    assert 'href="http://localhost:8000/"' in page
    assert 'href="http://localhost:8000/api/schema/"' in page


def test_a_process_that_failed_is_told_with_its_reason(dashboard):
    dashboard.supervisor.status["processes"] = [
        process(state="failed", pid=None, note="exited with 1", restarts=3)
    ]
    _, page, _ = dashboard.get("/")
    assert "1 not running" in page
    assert "exited with 1" in page


def test_a_system_that_is_down_is_said_and_not_an_error(dashboard):
    path = dashboard.supervisor.path
    hidden = path.with_suffix(".hidden")
    path.rename(hidden)
    try:
        status, page, _ = dashboard.get("/")
    finally:
        hidden.rename(path)
    assert status == 200
    assert "The system is down" in page


def test_the_last_lines_of_a_log_are_shown_as_text(dashboard):
    (dashboard.folder / "log" / "orders-web.log").write_text("<script>alert(1)</script>\n")
    for path in ("/", "/logs/orders-web"):
        _, page, _ = dashboard.get(path)
        assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
        assert "<script>alert" not in page


def test_a_mail_is_listed_and_shown_as_text(dashboard):
    (dashboard.folder / "mail" / "one.log").write_text(
        "From: s@x.example\nTo: alice@x.example\nSubject: <b>Hello</b>\n"
        "Date: Mon, 23 Nov 2026 10:00:00 +0000\n\n<img src=x onerror=alert(1)>\n" + "-" * 79 + "\n"
    )
    _, page, _ = dashboard.get("/")
    assert "&lt;b&gt;Hello&lt;/b&gt;" in page
    assert 'href="/mails/one~0"' in page
    status, page, _ = dashboard.get("/mails/one~0")
    assert status == 200
    assert "&lt;img src=x" in page
    assert "<img" not in page


@pytest.mark.parametrize("path", ["/logs/..%2Fsecret", "/mails/..%2Fsecret~0", "/nothing"])
def test_what_does_not_exist_is_404(dashboard, path):
    (dashboard.folder / "secret.log").write_text("secret\n")
    status, page, _ = dashboard.get(path)
    assert status == 404
    assert "secret\n" not in page


@pytest.mark.parametrize(
    "host",
    ["evil.example", "evil.example:8001", "localhost", "localhost:1", "", "localhost.evil:8"],
)
def test_a_request_that_names_another_host_is_refused(dashboard, host):
    status, page, _ = dashboard.get("/", host=host)
    assert status == 421
    assert "orders" not in page


def test_nothing_can_be_changed(dashboard):
    for method in ("POST", "PUT", "DELETE", "PATCH"):
        assert dashboard.get("/", method=method)[0] == 405


def test_pages_load_nothing_from_elsewhere(dashboard):
    _, page, headers = dashboard.get("/")
    assert "default-src 'none'" in headers["content-security-policy"]
    assert 'src="http' not in page
    assert 'rel="stylesheet" href="http' not in page
    for asset in ("/static/dashboard.css", "/static/dashboard.js"):
        assert dashboard.get(asset)[0] == 200
    assert dashboard.get("/static/../settings.py")[0] == 404
