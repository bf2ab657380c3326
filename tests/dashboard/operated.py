"""A supervisor of a small shop: what its services would answer to the pages that act on them."""

import json
import os
from collections.abc import Callable
from typing import Any

from tests.dashboard.running import Supervisor

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
OPENAPI = {
    "openapi": "3.1.0",
    "paths": {
        "/api/v1/orders/": {
            "get": {
                "summary": "The caller's orders.",
                "parameters": [{"name": "cursor", "in": "query"}],
                "responses": {"200": {}},
            }
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


def operate(supervisor: Supervisor) -> dict[str, Any]:
    """Have users and orders run; what each management command answers, by its first two words.

    A text is what a command says that fails.
    """
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
        "ramet_openapi orders": OPENAPI,
    }

    def manage(request: Any) -> dict[str, Any]:
        words = " ".join(request["arguments"][:2])
        answer = answers.get(words, answers.get(request["arguments"][0]))
        if isinstance(answer, str):
            return {"ok": True, "status": 1, "stdout": "", "stderr": answer}
        if request["service"] == "users" and words.startswith("ramet_sagas list"):
            answer = []
        return {"ok": True, "status": 0, "stdout": json.dumps(answer), "stderr": ""}

    supervisor.status = {
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
    masked = {"name": "A_TOKEN", "value": "••••", "is_masked": True}
    ok: Callable[[Any], dict[str, Any]] = lambda _: {"ok": True}  # noqa: E731
    supervisor.answers = {
        "manage": manage,
        "environment": lambda _: {"ok": True, "environment": [masked]},
        **dict.fromkeys(("restart", "scale", "stop-service", "start-service", "fault"), ok),
    }
    return answers
