"""The shop of the pictures: five services as its manifest has them, a dead letter, a stuck saga."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from tests.dashboard.operated import KILLED, LAG, LETTER, SAGA, operate, process
from tests.dashboard.running import Dashboard

CONFIRMED = """\
From: shop@shop.example
To: alice@shop.example
Subject: Your order is confirmed
Content-Type: text/html
Date: {date}

<html lang=en><title>Order</title><h1>Thank you, Alice</h1>
<p>2 Forged hand trowels are on their way.</p>
"""
# Of the run that needs a person: step, attempts, begin and end in seconds.
STEPS = (
    ("open", 1, 0, 1),
    ("reserve", 2, 1, 41),
    ("authorise", 1, 42, 60),
    ("decide", 1, 60, 61),
)
RUNS = (
    ("completed", "confirm", 1),
    ("completed", "confirm", 2),
    ("compensated", "reserve", 4),
    ("completed", "confirm", 7),
    ("completed", "confirm", 9),
)


def picture(dashboard: Dashboard, shop: Path) -> None:
    """Have the dashboard's supervisor tell of the shop whose code is in the folder `shop`."""
    now = datetime.now(UTC)
    manifest = json.loads((shop / "ramet.manifest.json").read_text())["services"]
    began = (now - timedelta(minutes=3)).isoformat()
    stuck = {
        **SAGA,
        "created_at": began,
        "journal": [
            {
                **SAGA["journal"][0],
                "step": step,
                "attempts": attempts,
                "started_at": (now - timedelta(minutes=3, seconds=-begin)).isoformat(),
                "finished_at": (now - timedelta(minutes=3, seconds=-end)).isoformat(),
            }
            for step, attempts, begin, end in STEPS
        ],
    }
    letter = {
        **LETTER,
        "key": stuck["id"],
        "error": "Traceback (most recent call last): ...\nConnectionRefusedError: no mail server",
        "payload": {"order_id": stuck["id"], "customer": "Alice Archer", "token": "[redacted]"},
        "occurred_at": began,
        "received_at": began,
        "ended_at": (now - timedelta(minutes=1)).isoformat(),
    }
    lag = {**LAG, "unsent": 0, "handlers": []}
    answers = operate(dashboard.supervisor)
    answers |= {"ramet_sagas show": stuck, "ramet_sagas list": [stuck, *_others(stuck, now)]}
    usual = dashboard.supervisor.answers["manage"]

    def manage(request: Any) -> dict[str, Any]:
        group, (command, *more) = request["service"], request["arguments"]
        own: dict[str, Any] = {
            "ramet_manifest": {"services": {group: manifest[group]}},
            "ramet_events lag": LAG if group == "users" else lag,
            "ramet_events dead": [letter] if group == "users" else [],
            "ramet_sagas list": answers["ramet_sagas list"] if group == "orders" else [],
        }
        words = command if command in own else f"{command} {more[0]}"
        if words not in own:
            return usual(request)
        return {"ok": True, "status": 0, "stdout": json.dumps(own[words]), "stderr": ""}

    dashboard.supervisor.answers["manage"] = manage
    # Nothing of it runs here, and the size of this process would be nobody's.
    dashboard.supervisor.status |= {
        "groups": {name: [name] for name in manifest},
        "versions": dict.fromkeys(manifest, "v1.2"),
        "processes": [
            process("postgres-postgres", since=began, pid=None),
            process("nats-broker", since=began, pid=None),
            process("envoy-gateway", since=began, pid=None),
            *(
                process(
                    f"{name}-{role}",
                    **{"since": began, "pid": None, **_changes(f"{name}-{role}", now)},
                )
                for name in manifest
                for role in ("web", "worker")
            ),
        ],
    }
    (dashboard.folder / "mail" / "one.log").write_text(
        CONFIRMED.format(date=f"{now:%a, %d %b %Y %H:%M:%S} +0000")
    )


def _others(run: dict[str, Any], now: datetime) -> list[dict[str, Any]]:
    return [
        {
            **run,
            "id": f"{number}c1d{run['id'][4:]}",
            "status": status,
            "step": step,
            "attempts": 1,
            "error": "",
            "created_at": (now - timedelta(minutes=minutes)).isoformat(),
            "finished_at": (now - timedelta(minutes=minutes, milliseconds=-180)).isoformat(),
        }
        for number, (status, step, minutes) in enumerate(RUNS)
    ]


def _changes(name: str, now: datetime) -> dict[str, Any]:
    """What is special of a process: orders' web process was killed once."""
    if name != "orders-web":
        return {}
    at = (now - timedelta(minutes=2)).isoformat()
    return {"since": at, "restarts": 1, "endings": [{**KILLED, "at": at}]}
