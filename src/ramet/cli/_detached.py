"""`ramet up --detach`: the same supervisor, with the prompt back as soon as it serves."""

from __future__ import annotations

import subprocess
import sys
import time

from ramet.cli._local import FAILED
from ramet.cli._summary import summary
from ramet.system import System
from ramet.tools.local.files import open_private_log
from ramet.tools.local.folder import Folder
from ramet.tools.local.state import StateFile

_ENTRY = "import sys; from ramet.cli import main; sys.exit(main())"


def start(system: System, folder: Folder, as_: str, only: str, *, fresh: bool) -> int:
    """Start a supervisor in a session of its own and wait until it serves; the exit code."""
    state = StateFile(folder)
    if state.running_supervisor() is not None:
        print(f"ramet: {system.name} is running already: see `ramet status`", file=sys.stderr)
        return FAILED
    folder.path.mkdir(mode=0o700, exist_ok=True)
    log = folder.path / "supervisor.log"
    options = ["--as", as_, *(["--only", only] if only else []), *(["--fresh"] if fresh else [])]
    log.unlink(missing_ok=True)
    with open_private_log(log) as output:
        process = subprocess.Popen(
            [sys.executable, "-c", _ENTRY, "up", *options],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            cwd=system.root,
            start_new_session=True,
        )
    while process.poll() is None:
        if state.running_supervisor() == process.pid:
            status = state.read()
            if status is not None and status["ready"]:
                print(summary(status, folder), flush=True)
                return 0
        time.sleep(0.05)
    said = log.read_text(encoding="utf-8", errors="replace").rstrip()
    print(said or f"ramet: it ended without a word, as with a full disk: {log}", file=sys.stderr)
    return process.returncode or FAILED
