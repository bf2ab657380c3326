"""Where the options of telemetry come from."""

import os
import subprocess
import sys

PROGRAM = """
import structlog
from ramet.telemetry import logs
logs.configure("gateway", "ratelimit")
structlog.get_logger("ramet").info("it speaks")
"""


def test_a_process_without_django_asks_for_no_settings() -> None:
    # Set, as in a shell in which a project is worked on, but nothing of it can be imported here.
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "nowhere.settings"}
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert '"event": "it speaks"' in done.stderr
