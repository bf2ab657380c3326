"""Whoever asks a service is answered, also when there is nothing that could answer."""

import asyncio
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest.mock import MagicMock

import pytest

from ramet.errors import DiagnosticError
from ramet.tools.local import asking
from ramet.tools.local.asking import Asking


def test_a_group_whose_code_does_not_load_is_not_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(asking, "_SECONDS", 0.01)

    async def run() -> None:
        never = asyncio.Event()
        group: Any = SimpleNamespace(
            group=SimpleNamespace(name="orders", services=("orders",)), ready_zygote=never.wait
        )
        folder: Any = SimpleNamespace(run=tmp_path)
        asked = Asking(MagicMock(), folder, [group], MagicMock())
        async with asyncio.timeout(10):
            await asked.manage("orders", ["ramet_events"], "dashboard")

    with pytest.raises(DiagnosticError, match="service-restarting"):
        asyncio.run(run())
