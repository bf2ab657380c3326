"""Nothing of ours may outlive what started it, however that ended."""

from __future__ import annotations

import ctypes
import os
import signal
import sys
import threading

_PR_SET_PDEATHSIG = 1


def die_with(parent: int) -> None:
    """End this process with SIGKILL when the process `parent`, which forked it, ends.

    Linux does it by itself. Elsewhere a thread looks once a second; call this there only after the
    process has done its own forking.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, int(signal.SIGKILL), 0, 0, 0)
    else:
        threading.Thread(target=_watch, args=(parent,), name="parent", daemon=True).start()
    # The parent may have ended before the request; then nobody would tell us any more.
    if os.getppid() != parent:
        os._exit(1)


def _watch(parent: int) -> None:
    never = threading.Event()
    while os.getppid() == parent:
        never.wait(1)
    os._exit(1)
