"""What the fork server imports must be the same for every group."""

import json
import subprocess
import sys
from typing import Any

CODE = """
import json, sys, threading, types
import ramet.processes.forkserver as f
class Loop:
    def __init__(self, *a, **k): pass
    def report(self, **event): pass
    def run(self):
        from django.conf import settings
        import rest_framework.compat, structlog
        print(json.dumps({
            "configured": settings.configured,
            "threads": threading.active_count(),
            "companions": [name for name in f.COMPANIONS if name in sys.modules],
            "missing": [name for name in f.LIBRARIES if name not in sys.modules],
            "apps": "django.contrib.auth.models" in sys.modules,
        }))
        import requests, jinja2, rich
f.ForkLoop = Loop
f.socket = types.SimpleNamespace(socket=lambda fileno: None)
f.main(0)
"""


def _imported() -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, "-c", CODE], capture_output=True, text=True, check=True, timeout=60
    )
    return json.loads(done.stdout)


def test_importing_reads_no_settings_starts_no_thread_and_leaves_the_rest_importable() -> None:
    imported = _imported()
    assert imported == {
        "configured": False,
        "threads": 1,
        "companions": [],
        "missing": [],
        "apps": False,
    }
