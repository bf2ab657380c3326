"""What only users needs, no other process loads: that would be memory and time for nothing."""

import os
import subprocess
import sys
from pathlib import Path

SHOP = Path(__file__).resolve().parents[3]
LOOK = """
import django, sys
django.setup()
from django.urls import get_resolver
get_resolver().url_patterns
from django.core.handlers.wsgi import WSGIHandler
WSGIHandler()
names = {name.partition(".")[0] for name in sys.modules}
print(*sorted(names & {"allauth", "fido2", "oauth2_provider"}))
"""


def loaded(service: str) -> str:
    """The packages of the provider that a web process of this service has loaded."""
    environ = {k: v for k, v in os.environ.items() if not k.startswith("RAMET_")}
    environ |= {"DJANGO_SETTINGS_MODULE": "shop.settings", "RAMET_SERVICES": service}
    done = subprocess.run(
        [sys.executable, "-c", LOOK],
        cwd=SHOP,
        env=environ | {"PYTHONPATH": str(SHOP)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_only_users_loads_what_signing_in_takes() -> None:
    assert loaded("users") == "allauth fido2 oauth2_provider"
    assert loaded("storefront") == ""
