"""The pages that act, against a supervisor that says what a test wants: what they show, and ask."""

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

import pytest

from tests.conftest import eventually
from tests.dashboard.operated import EVENT, RUN, TRACE, operate
from tests.dashboard.running import Dashboard, running


@pytest.fixture(autouse=True)
def system(dashboard: Dashboard) -> Iterator[dict[str, Any]]:
    """The shop that the supervisor tells of; what management commands answer can be changed."""
    answers = operate(dashboard.supervisor)
    dashboard.supervisor.asked.clear()
    yield answers
    dashboard.supervisor.answers = {}


def asked(dashboard: Dashboard, command: str) -> list[dict[str, Any]]:
    return [each for each in dashboard.supervisor.asked if each["command"] == command]


def post(dashboard: Dashboard, path: str, **form: str) -> str:
    """Submit a form; what the page that it leads to says was done."""
    answer = dashboard.post(path, urlencode(form))
    assert answer.status == 303, answer.text
    said = answer.headers["set-cookie"].partition(";")[0]
    page = dashboard.get(answer.headers["location"], Cookie=f"{dashboard.cookie}; {said}")
    assert page.status == 200
    [notice] = [line for line in page.text.splitlines() if '<p class="notice' in line]
    return notice.strip()


def test_what_the_code_declares_is_asked_before_anybody_opens_a_page() -> None:
    with running() as started:
        operate(started.supervisor)
        assert not asked(started, "manage")
        started.supervisor.status["ready"] = True
        eventually(lambda: len(asked(started, "manage")) >= 2, within=20)
        assert {each["arguments"][0] for each in asked(started, "manage")} == {"ramet_manifest"}
        assert "shop.orders.v1.Orders" in started.get("/api").text
        assert len(asked(started, "manage")) == 2


# ── events ────────────────────────────────────────────────────────────────────────────────────


def test_events_show_both_ends_and_how_far_behind_they_are(dashboard: Dashboard) -> None:
    page = dashboard.get("/events").text
    assert "1 dead" in page
    assert "70 s" in page or "1 min 10 s" in page
    assert "order_id" in page
    manages = asked(dashboard, "manage")
    assert {each["via"] for each in manages} == {"dashboard"}
    assert {each["service"] for each in manages} == {"users", "orders"}


def test_a_dead_letter_is_shown_with_its_error_its_payload_and_its_trace(
    dashboard: Dashboard,
) -> None:
    page = dashboard.get("/events/dead?service=users&handler=mail").text
    assert "ValueError: &lt;no mailbox&gt;" in page
    assert "[redacted]" in page
    assert f'href="/traces/{TRACE}"' in page
    [request] = asked(dashboard, "manage")
    assert request["service"] == "users"
    assert "--handler=mail" in request["arguments"]


def test_many_large_dead_letters_are_shown(dashboard: Dashboard, system: dict[str, Any]) -> None:
    [letter] = system["ramet_events dead"]
    system["ramet_events dead"] = [{**letter, "payload": {"text": '"' * 100_000}}] * 12
    assert "12 letters" in dashboard.get("/events/dead?service=users").text


def test_replaying_asks_first_and_does_what_it_asked(dashboard: Dashboard) -> None:
    query = urlencode({"id": EVENT, "handler": "mail", "service": "users"})
    page = dashboard.get(f"/events/dead/replay?{query}")
    assert "1 dead letter would be tried again" in page.text
    [request] = asked(dashboard, "manage")
    assert "--dry-run" in request["arguments"]
    dashboard.supervisor.asked.clear()

    said = post(dashboard, "/events/dead/replay", id=EVENT, handler="mail", service="users")
    assert "users: 1 will be tried again." in said
    [request] = [
        each for each in asked(dashboard, "manage") if each["arguments"][1] in ("replay", "discard")
    ]
    assert request["arguments"] == [
        *("ramet_events", "replay", "--json", "--handler=mail", "--", EVENT)
    ]


def test_nothing_that_is_typed_is_an_option(dashboard: Dashboard) -> None:
    dashboard.get("/events/dead/discard?" + urlencode({"id": "--all", "service": "users"}))
    [request] = asked(dashboard, "manage")
    assert request["arguments"][-2:] == ["--", "--all"]


def test_what_a_service_refuses_is_told(dashboard: Dashboard, system: dict[str, Any]) -> None:
    system["ramet_events replay"] = "CommandError: no such id"
    said = post(dashboard, "/events/dead/replay", id=EVENT, service="users")
    assert "failed" in said
    assert "CommandError: no such id" in said


# ── sagas ─────────────────────────────────────────────────────────────────────────────────────


def test_runs_are_listed_and_each_is_a_timeline(dashboard: Dashboard) -> None:
    page = dashboard.get("/sagas?status=stuck&find=x").text
    assert f'href="/sagas/orders/{RUN}"' in page
    listing = [each for each in asked(dashboard, "manage") if "list" in each["arguments"]]
    assert {each["service"] for each in listing} == {"users", "orders"}
    assert all({"--status=stuck", "--find=x"} <= {*each["arguments"]} for each in listing)
    page = dashboard.get(f"/sagas/orders/{RUN}").text
    assert "needs a person" in page
    assert "Unavailable: the bank" in page
    assert "planned" in page
    assert f'href="/traces/{TRACE}"' in page


def test_what_somebody_looks_for_is_not_remembered(dashboard: Dashboard) -> None:
    for _ in range(2):
        assert dashboard.get("/sagas?find=k7").status == 200
    listings = [each for each in asked(dashboard, "manage") if "--find=k7" in each["arguments"]]
    assert len(listings) == 4  # of both services, twice


@pytest.mark.parametrize(
    ("deed", "form", "arguments"),
    [
        ("resume", {}, ["ramet_sagas", "resume", "--json", RUN]),
        (
            "compensate",
            {"why": "--asked"},
            ["ramet_sagas", "compensate", "--json", "--why=--asked", RUN],
        ),
    ],
)
def test_a_run_is_resumed_or_turned_back_after_a_question(
    dashboard: Dashboard, deed: str, form: dict[str, str], arguments: list[str]
) -> None:
    assert dashboard.get(f"/sagas/orders/{RUN}/{deed}").status == 200
    assert not [each for each in asked(dashboard, "manage") if each["arguments"][1] == deed]
    assert "The run " in post(dashboard, f"/sagas/orders/{RUN}/{deed}", **form)
    [request] = [each for each in asked(dashboard, "manage") if each["arguments"][1:2] == [deed]]
    assert request["arguments"] == arguments


def test_a_run_that_cannot_turn_back_says_why(dashboard: Dashboard, system: dict[str, Any]) -> None:
    system["ramet_sagas compensate"] = "CommandError: It has passed its pivot."
    said = post(dashboard, f"/sagas/orders/{RUN}/compensate")
    assert "It has passed its pivot." in said


@pytest.mark.parametrize("path", ["/sagas/orders/7", f"/sagas/orders/{RUN}/delete"])
def test_what_is_no_run_or_no_deed_is_not_there(dashboard: Dashboard, path: str) -> None:
    assert dashboard.get(path).status == 404
    assert dashboard.post(path).status in (404, 405)


# ── services ──────────────────────────────────────────────────────────────────────────────────


def test_a_service_is_shown_with_its_endings_its_version_and_no_secret(
    dashboard: Dashboard,
) -> None:
    page = dashboard.get("/services/orders").text
    assert "was ended by SIGKILL" in page
    assert "v1.2-dirty" in page
    assert "••••" in page
    assert "ramet manage orders -- shell" in page
    assert "not ready" in page  # no socket is there


@pytest.mark.parametrize(
    ("path", "form", "request_", "said"),
    [
        ("restart", {}, {"command": "restart"}, "orders was restarted."),
        ("scale", {"count": "3"}, {"command": "scale", "count": 3}, "orders has 3 web processes."),
        ("stop", {}, {"command": "stop-service"}, "orders is stopped."),
        ("start", {}, {"command": "start-service"}, "orders is started."),
        (
            "fault",
            {"place": "orders.capture", "delay": "500", "status": "", "share": "50"},
            {"command": "fault", "service": "orders.capture", "delay": 500, "share": 50}
            | {"status": 0, "gone": False},
            "orders.capture has a fault now.",
        ),
        (
            "fault",
            {"place": "orders", "off": "1"},
            {"command": "fault", "service": "orders", "off": True},
            "orders is as it was.",
        ),
    ],
)
def test_what_is_done_to_a_service_is_what_the_supervisor_is_asked(
    dashboard: Dashboard, path: str, form: dict[str, str], request_: dict[str, Any], said: str
) -> None:
    assert said in post(dashboard, f"/services/orders/{path}", **form)
    assert {"service": "orders", "via": "dashboard", **request_} in dashboard.supervisor.asked


def test_stopping_asks_first(dashboard: Dashboard) -> None:
    assert "answers for it with 503" in dashboard.get("/services/orders/stop").text
    assert "It is an engine" in dashboard.get("/services/postgres/stop").text
    assert asked(dashboard, "stop-service") == []


@pytest.mark.parametrize("count", ["", "0", "33", "-1", "many"])
def test_a_number_of_processes_that_cannot_be_is_refused(dashboard: Dashboard, count: str) -> None:
    said = post(dashboard, "/services/orders/scale", count=count)
    assert "no number of processes from 1 to 32" in said
    assert asked(dashboard, "scale") == []


def test_what_the_supervisor_refuses_is_told(dashboard: Dashboard) -> None:
    dashboard.supervisor.answers["restart"] = lambda _: {"error": "code that does not load"}
    assert "code that does not load" in post(dashboard, "/services/orders/restart")


def test_a_fault_is_told_on_every_page(dashboard: Dashboard) -> None:
    fault = {"service": "orders", "operation": "", "where": "orders", "what": "gone"}
    dashboard.supervisor.status["faults"] = [fault]
    for path in ("/", "/mail", "/events", "/services/users"):
        assert "A fault is switched on: orders is gone." in dashboard.get(path).text
    assert "Switch off" in dashboard.get("/services/orders").text


@pytest.mark.parametrize(
    "path",
    [
        *("/services/orders/stop", "/services/orders/fault", "/events/dead/replay"),
        *(f"/sagas/orders/{RUN}/resume", "/api/orders/shop.orders.v1.Orders/capture"),
    ],
)
def test_another_page_changes_nothing(dashboard: Dashboard, path: str) -> None:
    assert dashboard.post(path, Origin="http://localhost:8000").status == 403
    assert dashboard.post(path, Cookie="").status in (303, 401)
    assert [each["command"] for each in dashboard.supervisor.asked if "service" in each] == []


# ── operations ────────────────────────────────────────────────────────────────────────────────


def test_an_operation_has_a_form_and_is_called_after_a_question(dashboard: Dashboard) -> None:
    assert 'href="/api/orders/shop.orders.v1.Orders/capture"' in dashboard.get("/api").text
    path = "/api/orders/shop.orders.v1.Orders/capture"
    assert 'name="order_id"' in dashboard.get(path).text
    form = {"order_id": "<7>", "ramet-caller": ""}
    question = dashboard.post(path, urlencode(form))
    assert "Call capture?" in question.text
    assert "&lt;7&gt;" in question.text
    # There is no such process here, which is an answer too.
    answer = dashboard.post(path, urlencode({**form, "ramet-sure": "yes"}))
    assert "unavailable" in answer.text
    trace = re.search(r"/traces/[0-9a-f]{32}", answer.text)[0]
    eventually(lambda: dashboard.get(trace).status != 404, within=20, what="the call has a trace")
    assert "shop.orders.v1.Orders/capture" in dashboard.get(trace).text


def test_who_is_no_service_does_not_call(dashboard: Dashboard) -> None:
    form = {"order_id": "7", "ramet-caller": "../../x", "ramet-sure": "yes"}
    answer = dashboard.post("/api/orders/shop.orders.v1.Orders/capture", urlencode(form))
    assert "is no service" in answer.text


def test_an_idempotency_key_that_no_header_takes_is_told(dashboard: Dashboard) -> None:
    for key in ("5 \u20ac", "a\r\nb"):
        form = {"order_id": "7", "ramet-caller": "", "ramet-sure": "yes", "ramet-key": key}
        answer = dashboard.post("/api/orders/shop.orders.v1.Orders/capture", urlencode(form))
        assert answer.status == 200
        assert "ASCII only" in answer.text
