"""The state file outlives what keeps it from being written."""

import asyncio
import contextlib
from pathlib import Path
from typing import Any

import pytest

from ramet.tools.local import state
from ramet.tools.local.folder import Folder
from ramet.tools.local.state import StateFile


def test_what_could_not_be_written_is_once_it_can(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(state, "_AGAIN_SECONDS", 0.01)
    folder = Folder(tmp_path)  # whose folder is not there yet: nothing can be written
    file, told, now = StateFile(folder), [], {"ready": False}

    async def run() -> dict[str, Any] | None:
        changed = asyncio.Event()
        changed.set()
        keeping = asyncio.create_task(file.keep(changed, lambda: now, told.append))
        async with asyncio.timeout(10):
            while not told:
                await asyncio.sleep(0.01)
            now["ready"] = True
            folder.path.mkdir(mode=0o700)
            while (written := file.read()) is None:
                await asyncio.sleep(0.01)
        keeping.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await keeping
        return written

    assert asyncio.run(run()) == {"ready": True}
    assert len(told) == 1, "the same trouble is told once"
    assert str(folder.state) in told[0]
