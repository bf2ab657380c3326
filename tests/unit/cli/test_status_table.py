"""What a person sees of `ramet status`."""

from datetime import UTC, datetime, timedelta
from typing import Any

from ramet.cli._status_table import table

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)


def process(name: str, health: str | None, *reasons: str, **more: Any) -> dict[str, Any]:
    since = (NOW - timedelta(minutes=5)).isoformat().replace("+00:00", "Z")
    return {
        "name": name,
        "pid": 4711,
        "state": "running",
        "health": health,
        "reasons": list(reasons),
        "since": since,
        "restarts": 0,
        "note": "",
        **more,
    }


STATUS: dict[str, Any] = {
    "system": "shop",
    "placement": "services",
    "gateway": "http://localhost:8000",
    "dashboard": "http://localhost:8001",
    "maintenance": ["users"],
    "stopped": ["rest"],
    "faults": [{"where": "products", "what": "2 s late"}],
    "groups": {"orders": ["orders"], "rest": ["users", "products"]},
    "processes": [
        process("orders-web", "degraded", "calls: the last call failed: products (unavailable)"),
        process("storefront-worker-12", "no answer", restarts=3, note="killed by SIGKILL"),
        process("postgres", None, pid=None, state="restarting"),
    ],
    "rates": {
        "orders": {"requests": 4.0, "failed_requests": 1.0, "calls": 0.0, "failed_calls": 0.0},
        "users": {"requests": 1.0, "failed_requests": 0.0, "calls": 2.0, "failed_calls": 1.0},
    },
    "backlogs": {
        "orders": {"lag_seconds": 61.4, "waiting": 3, "dead_letters": 2, "stuck_sagas": 1},
        "rest": None,
    },
}

EXPECTED = """\
shop, as services: http://localhost:8000
dashboard http://localhost:8001
in maintenance: users
stopped: rest; `ramet start SERVICE` goes on
fault in front of products: 2 s late

PROCESS               PID   STATE       HEALTH     FOR  RESTARTS
orders-web            4711  running     degraded   5m   -
storefront-worker-12  4711  running     no answer  5m   3
postgres              -     restarting  -          5m   -

SERVICES  REQ/S  FAILED  CALLS/S  FAILED  LAG  DEAD  STUCK
orders      4.0   25.0%      0.0       -  61s     2      1
rest        1.0    0.0%      2.0   50.0%    ?     ?      ?

not well:
  orders-web: calls: the last call failed: products (unavailable)
  storefront-worker-12: killed by SIGKILL
  orders: 2 dead letters; `ramet events dead`
  orders: 1 sagas need a person; `ramet sagas list --status stuck`"""


def test_everything_is_told_in_eighty_columns_without_colour() -> None:
    found = table(STATUS, is_coloured=False, now=NOW)
    assert found == EXPECTED
    assert max(map(len, found.splitlines())) <= 80


def test_colour_adds_no_word_and_takes_none_away() -> None:
    import re

    coloured = table(STATUS, is_coloured=True, now=NOW)
    assert "\x1b[33mdegraded\x1b[0m" in coloured
    assert re.sub(r"\x1b\[\d+m", "", coloured) == EXPECTED


def test_where_all_is_well_nothing_is_listed() -> None:
    well = STATUS | {
        "processes": [process("orders-web", "ready")],
        "backlogs": {},
        "groups": {},
        "maintenance": [],
    }
    assert "not well" not in table(well, is_coloured=False, now=NOW)
