"""A Django project of events and sagas, on the database that FIRE_DATABASE names."""

import os

from ramet.placement.databases import database

SECRET_KEY = "only-for-tests"
USE_TZ = True
DATABASES = {
    "default": {
        **database(os.environ.get("FIRE_DATABASE", "sqlite:///:memory:")),
        "DISABLE_SERVER_SIDE_CURSORS": True,
    }
}
INSTALLED_APPS = [
    "ramet.calls",
    "ramet.events",
    "ramet.sagas",
    "tests.integration.sagas",
    "tests.integration.fire",
]
RAMET_EVENTS = {"lease": 1}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
