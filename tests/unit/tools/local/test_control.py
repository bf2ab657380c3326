"""The control socket answers each line, whatever is in it."""

import asyncio
from pathlib import Path
from typing import Any
from unittest.mock import MagicMock

import pytest

from ramet.tools.local.control import ControlServer, ask


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
    async def run() -> dict[str, Any]:
        server = ControlServer(MagicMock())
        await server.start(tmp_path / "c.sock")
        try:
            return await asyncio.to_thread(ask, tmp_path / "c.sock", request_, timeout=10)
        finally:
            await server.stop()

    assert "no such" in asyncio.run(run())["error"]
