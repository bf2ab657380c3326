"""Start and stop one operating system process, so that each engine says only what differs."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from ramet.tools.local.account import Account
from ramet.tools.local.files import open_private_log

_PR_SET_PDEATHSIG = 1
_LIBC = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


def die_with_parent(death_signal: signal.Signals = signal.SIGKILL) -> None:
    """Ask Linux to send `death_signal` to this process when the thread that started it ends.

    Elsewhere this does nothing, and the next `up` or `down` ends what was left (see `leftovers`).
    """
    if _LIBC is not None:
        _LIBC.prctl(_PR_SET_PDEATHSIG, int(death_signal), 0, 0, 0)


def spawn(
    command: Sequence[str | Path],
    log: Path,
    *,
    account: Account | None = None,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
    death_signal: signal.Signals = signal.SIGTERM,
    pass_fds: Sequence[int] = (),
) -> subprocess.Popen[bytes]:
    """Start `command` in a session of its own, with standard output and error appended to `log`.

    A session of its own, because Ctrl-C in a terminal signals the whole foreground group, and only
    the supervisor may decide in which order its processes end. With `account`, the process gives up
    root before it executes. Call it from a thread that lives as long as the process should.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    # prctl comes after the change of user, which would clear it; hence preexec_fn and no wrapper.
    # It imports nothing and takes no lock, so a fork beside other threads is safe.
    before_exec: Callable[[], None] | None = None
    if _LIBC is not None:

        def before_exec() -> None:
            die_with_parent(death_signal)

    with open_private_log(log) as output:
        return subprocess.Popen(
            [str(part) for part in command],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            cwd=cwd,
            env=None if env is None else dict(env),
            start_new_session=True,
            preexec_fn=before_exec,
            pass_fds=pass_fds,
            user=account.uid if account else None,
            group=account.gid if account else None,
            extra_groups=[] if account else None,
        )


def stop(
    process: subprocess.Popen[bytes], polite: signal.Signals, *, timeout: float = 10.0
) -> int | None:
    """Send `polite`, wait `timeout` seconds, then SIGKILL; returns the exit status."""
    if process.poll() is None:
        process.send_signal(polite)
        try:
            process.wait(timeout)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
    return process.returncode


def last_lines(log: Path, count: int = 12) -> str:
    """The last `count` lines of a log, indented; empty when there is no such file, or for 0."""
    text = b""
    try:
        with log.open("rb") as file:
            begin = file.seek(0, os.SEEK_END)
            # One more, because the first line that is found may be the end of one.
            while begin > 0 and text.count(b"\n") <= count:
                portion = min(begin, 16_384)
                begin = file.seek(begin - portion)
                text = file.read(portion) + text
    except FileNotFoundError:
        return ""
    lines = text.decode("utf-8", "replace").rstrip().splitlines()
    return "\n".join(f"    {line}" for line in lines[max(0, len(lines) - count) :])
