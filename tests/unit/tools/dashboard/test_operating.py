"""The pages that act, against a supervisor that says what a test wants: what they show, and ask."""

import json
import os
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlencode

import pytest

from tests.dashboard.running import Dashboard

RUN = "94b8c606-ab0f-42b2-b996-f76ec63d9367"
EVENT = "11111111-2222-3333-4444-555555555555"
TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
LETTER = {
    "event_id": EVENT,
    "handler": "shop.users.handlers.send_confirmation",
    "type": "shop.orders.OrderConfirmed.v1",
    "key": "k7",
    "state": "dead",
    "attempts": 8,
    "occurred_at": "2026-01-02T10:00:00+00:00",
    "received_at": "2026-01-02T10:00:01+00:00",
    "next_at": None,
    "ended_at": "2026-01-02T10:05:00+00:00",
    "trace_id": TRACE,
    "error": 'Traceback\n  File "x.py"\nValueError: <no mailbox>',
    "payload": {"order_id": "x", "token": "[redacted]"},
}
LAG = {
    "unsent": 2,
    "oldest_unsent": 1.5,
    "scheduled": 0,
    "next_scheduled": None,
    "retrying": [],
    "handlers": [
        {
            "handler": LETTER["handler"],
            "waiting": 3,
            "oldest": 70.0,
            "retrying": 1,
            "held": 0,
            "held_types": [],
            "dead": 1,
            "is_known": True,
        }
    ],
}
SAGA = {
    "id": RUN,
    "saga": "shop.orders.PlaceOrder",
    "version": 1,
    "is_known": True,
    "key": "",
    "trace_id": TRACE,
    "status": "stuck",
    "direction": "forward",
    "waits_for": None,
    "step": "capture",
    "attempts": 5,
    "error": "Unavailable: the bank",
    "holder": "",
    "created_at": "2026-01-02T10:00:00+00:00",
    "age_seconds": 3.0,
    "due_at": None,
    "finished_at": None,
    "state": {"order_id": "x"},
    "failure": None,
    "journal": [
        {
            "step": "reserve",
            "direction": "forward",
            "outcome": "done",
            "wait": "none",
            "attempts": 2,
            "error": "",
            "started_at": "2026-01-02T10:00:00+00:00",
            "finished_at": "2026-01-02T10:00:01+00:00",
        }
    ],
    "replies": [],
}
CONTRACT = {
    "version": 1,
    "operations": {
        "capture": {
            "description": "Take the money.",
            "deadline": 2.0,
            "idempotent": True,
            "atomic": True,
            "arguments": {"properties": {"order_id": {"type": "string"}}, "required": ["order_id"]},
            "result": {"type": "null"},
        }
    },
}
MANIFEST = {
    "services": {
        "users": {
            "subscriptions": {LETTER["handler"]: {"event": LETTER["type"], "publisher": "orders"}},
            "apps": [],
        },
        "orders": {
            "apps": [],
            "events": {LETTER["type"]: {"version": 1, "key": "order_id"}},
            "contracts": {"shop.orders.v1.Orders": CONTRACT},
            "sagas": {
                "shop.orders.PlaceOrder.v1": {
                    "steps": [
                        {"name": "reserve", "undo": "release", "attempts": 6, "pivot": False},
                        {"name": "capture", "undo": None, "attempts": 5, "pivot": True},
                        {"name": "confirm", "undo": None, "attempts": 5, "pivot": False},
                    ]
                }
            },
        },
    }
}


def process(name: str, **changes: Any) -> dict[str, Any]:
    service, _, role = name.partition("-")
    return {
        "service": service,
        "role": role,
        "name": name,
        "pid": os.getpid(),
        "state": "running",
        "since": "2026-01-02T10:00:00.000Z",
        "started_at": "2026-01-02T10:00:00.000Z",
        "restarts": 0,
        "endings": [],
        "note": "",
        **changes,
    }


KILLED = {
    "at": "2026-01-02T09:00:00.000Z",
    "status": -9,
    "reason": "was ended by SIGKILL",
    "was_asked": False,
    "was_out_of_memory": False,
}


@pytest.fixture(autouse=True)
def system(dashboard: Dashboard) -> Iterator[dict[str, Any]]:
    """Users and orders; what each management command answers, by its first two words."""
    answers: dict[str, Any] = {
        "ramet_manifest": MANIFEST,
        "ramet_events lag": LAG,
        "ramet_events dead": [LETTER],
        "ramet_events replay": {"count": 1, "missing": {}, "withheld": 0},
        "ramet_events discard": {"count": 1, "missing": {}, "withheld": 0},
        "ramet_sagas list": [SAGA],
        "ramet_sagas show": SAGA,
        "ramet_sagas resume": [SAGA],
        "ramet_sagas compensate": SAGA,
    }

    def manage(request: Any) -> dict[str, Any]:
        words = " ".join(request["arguments"][:2])
        answer = answers.get(words, answers.get(request["arguments"][0]))
        if isinstance(answer, str):
            return {"ok": True, "status": 1, "stdout": "", "stderr": answer}
        if request["service"] == "users" and words.startswith("ramet_sagas list"):
            answer = []
        return {"ok": True, "status": 0, "stdout": json.dumps(answer), "stderr": ""}

    dashboard.supervisor.status = {
        "gateway": "http://localhost:8000",
        "groups": {"users": ["users"], "orders": ["orders"]},
        "versions": {"users": "v1.2", "orders": "v1.2-dirty"},
        "faults": [],
        "processes": [
            process("postgres-postgres", service="postgres", role="postgres"),
            process("users-web"),
            process("orders-web", restarts=1, endings=[KILLED]),
        ],
    }
    ok: Callable[[Any], dict[str, Any]] = lambda request: {"ok": True}  # noqa: E731
    dashboard.supervisor.answers = {
        "manage": manage,
        "environment": lambda _: {
            "ok": True,
            "environment": [{"name": "A_TOKEN", "value": "••••", "is_masked": True}],
        },
        **dict.fromkeys(("restart", "scale", "stop-service", "start-service", "fault"), ok),
    }
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
    assert {"service": "orders", **request_} in dashboard.supervisor.asked


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
    assert "/traces/" in answer.text


def test_who_is_no_service_does_not_call(dashboard: Dashboard) -> None:
    form = {"order_id": "7", "ramet-caller": "../../x", "ramet-sure": "yes"}
    answer = dashboard.post("/api/orders/shop.orders.v1.Orders/capture", urlencode(form))
    assert "is no service" in answer.text
