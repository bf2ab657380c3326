"""What the supervisor says of whoever has it change something."""

import asyncio
import json
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest

from ramet.tools.local.control import ControlServer
from ramet.tools.local.deeds import described

NOW = datetime(2026, 11, 23, 10, tzinfo=UTC)


@pytest.mark.parametrize(
    ("request_", "line"),
    [
        (
            {"command": "scale", "service": "orders", "count": 3, "via": "dashboard"},
            '2026-11-23T10:00:00Z dashboard asked: scale {"service": "orders", "count": 3}',
        ),
        (
            {"command": "restart", "service": "orders"},
            '2026-11-23T10:00:00Z command line asked: restart {"service": "orders"}',
        ),
        ({"command": "stop"}, "2026-11-23T10:00:00Z command line asked: stop"),
        ({"command": "status"}, None),
        ({"command": "manage", "service": "orders", "arguments": []}, None),
    ],
)
def test_what_changes_something_is_told_with_who_asked(
    request_: dict[str, Any], line: str | None
) -> None:
    assert described(request_, NOW) == line


def test_a_name_does_not_look_like_a_line_of_ours() -> None:
    said = described({"command": "restart", "service": "x\nready" * 900, "via": "x\ny"}, NOW)
    assert said is not None
    assert "\n" not in said
    assert len(said) < 400


def test_it_is_told_also_when_it_is_then_refused() -> None:
    said: list[str] = []

    async def restart(service: str) -> None:
        raise KeyError(service)

    supervisor: Any = SimpleNamespace(
        report=said.append, operations=SimpleNamespace(restart=restart)
    )
    request = {"command": "restart", "service": "orders", "via": "dashboard"}
    answer = asyncio.run(ControlServer(supervisor)._answer(json.dumps(request).encode()))
    assert "error" in answer
    [line] = said
    assert line.endswith('dashboard asked: restart {"service": "orders"}')
