"""One share of the suite: `python tests/run.py SHARE ...`, the rest is for pytest.

Every line is shown at once, with the share's name before it: three shares run side by side, and
what hangs must be seen to hang. A share that takes longer than `_LONGEST` is ended: it shows where
each of its threads stood, and has failed.

At most three tests that failed are tried once more, by themselves. Many tests kill processes and
wait for what others do about it, on a machine that runs three shares of the suite at a time. One
that fails then and passes by itself is unsteady: it is named at the end, to be mended, and does not
hold up a change that has nothing to do with it. More than three are no accident.
"""

import argparse
import json
import signal
import subprocess
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import TextIO

_MOST = 3
_LONGEST = 50 * 60.0
"""Seconds for one run of pytest. The longest share takes a third of it, on a machine half as quick
two thirds."""
_PATIENCE = 15.0
"""Seconds in which a run that was ended tells where it stood."""
_SOME_FAILED = 1  # pytest's exit code; others mean that it could not run as it should


def main(share: str, longest: float, arguments: Sequence[str]) -> int:
    cache = f".pytest_cache/{share}"
    command = [
        str(Path(sys.executable).with_name("pytest")),
        "-o",
        f"cache_dir={cache}",
        "--durations=12",
        *arguments,
    ]
    code = _run(share, command, longest)
    failed = Path(cache) / "v" / "cache" / "lastfailed"
    if code != _SOME_FAILED or not failed.exists():
        return code
    tests = sorted(json.loads(failed.read_text("utf-8")))
    if len(tests) > _MOST:
        return code
    _say(share, f"once more, by themselves: {', '.join(tests)}")
    again = _run(share, [*command, "--last-failed", "--last-failed-no-failures", "none"], longest)
    if again == 0:
        _say(share, f"UNSTEADY, to be mended: {', '.join(tests)}")
    return again


def _run(share: str, command: Sequence[str], longest: float) -> int:
    """pytest's exit code, or that of a failure when it was ended."""
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace"
    )
    assert process.stdout is not None
    showing = threading.Thread(target=_show, args=(share, process.stdout), daemon=True)
    showing.start()
    try:
        code = process.wait(longest)
    except subprocess.TimeoutExpired:
        _say(share, f"ended, because it took longer than {longest:g} s; its threads stood here:")
        process.send_signal(signal.SIGABRT)  # faulthandler, which pytest enables, tells
        try:
            process.wait(_PATIENCE)
        except subprocess.TimeoutExpired:
            process.kill()
        code = -signal.SIGABRT
    # Whoever a test left behind may hold the other end of the pipe for as long as it likes.
    showing.join(_PATIENCE)
    return code if code >= 0 else 128 - code


def _show(share: str, lines: TextIO) -> None:
    for line in lines:
        _say(share, line.rstrip("\n"))


def _say(share: str, line: str) -> None:
    sys.stdout.write(f"{share:>10} | {line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(allow_abbrev=False)
    parser.add_argument("share")
    parser.add_argument("--longest", type=float, default=_LONGEST, metavar="SECONDS")
    options, rest = parser.parse_known_args()
    sys.exit(main(options.share, options.longest, rest))
