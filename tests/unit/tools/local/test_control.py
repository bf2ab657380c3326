"""The control socket answers each line, whatever is in it."""

import asyncio
from pathlib import Path
from typing import Any
from unittest.mock import MagicMock

import pytest

from ramet.tools.local.control import ControlServer, ask


async def answered(supervisor: Any, path: Path, request: dict[str, Any]) -> dict[str, Any]:
    server = ControlServer(supervisor)
    await server.start(path)
    try:
        return await asyncio.to_thread(ask, path, request, timeout=10)
    finally:
        await server.stop()


@pytest.mark.parametrize(
    "request_",
    [
        {"command": "scale", "service": "orders", "count": "many"},
        {"command": "canary", "service": "orders", "weight": "half"},
        {"command": "fault", "service": "orders", "delay": "2s"},
        {"command": "fault"},
        {"no": "command"},
        {"command": "unknown"},
    ],
)
def test_a_request_that_makes_no_sense_is_answered(tmp_path: Path, request_: Any) -> None:
    answer = asyncio.run(answered(MagicMock(), tmp_path / "c.sock", request_))
    assert "no such" in answer["error"]


def test_a_start_that_a_stop_overtakes_is_answered(tmp_path: Path) -> None:
    async def start(service: str) -> None:
        ready = asyncio.get_running_loop().create_future()
        ready.cancel()
        await ready

    supervisor = MagicMock()
    supervisor.operations.start = start
    request = {"command": "start-service", "service": "postgres"}
    answer = asyncio.run(answered(supervisor, tmp_path / "c.sock", request))
    assert answer == {"error": "stopped, while it was being started"}
