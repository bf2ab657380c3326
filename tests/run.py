"""pytest, and once more for at most three tests that failed: `python tests/run.py CACHE ...`.

Many tests kill processes and wait for what others do about it, on a machine that runs three shares
of the suite at a time. One that fails then and passes by itself is unsteady: it is named at the
end, to be mended, and does not hold up a change that has nothing to do with it. More than three
are no accident. CACHE is a folder for what failed, one for each share; the rest is for pytest.
"""

import json
import subprocess
import sys
from pathlib import Path

_MOST = 3
_SOME_FAILED = 1  # pytest's exit code; others mean that it could not run as it should


def main(cache: str, arguments: list[str]) -> int:
    command = [
        str(Path(sys.executable).with_name("pytest")),
        "-o",
        f"cache_dir={cache}",
        "--durations=12",
        *arguments,
    ]
    code = subprocess.call(command)
    failed = Path(cache) / "v" / "cache" / "lastfailed"
    if code != _SOME_FAILED or not failed.exists():
        return code
    tests = sorted(json.loads(failed.read_text("utf-8")))
    if len(tests) > _MOST:
        return code
    print(f"\nonce more, by themselves: {', '.join(tests)}", flush=True)
    again = subprocess.call([*command, "--last-failed", "--last-failed-no-failures", "none"])
    if again == 0:
        print(f"\nUNSTEADY, to be mended: {', '.join(tests)}", flush=True)
    return again


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2:]))
