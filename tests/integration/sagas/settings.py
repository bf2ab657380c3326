"""A Django project that has nothing but sagas, on the database that SAGA_TEST_DATABASE names."""

import os

from ramet.placement.databases import database

SECRET_KEY = "only-for-tests"
USE_TZ = True
DATABASES = {"default": database(os.environ.get("SAGA_TEST_DATABASE", "sqlite:///:memory:"))}
INSTALLED_APPS = ["ramet.calls", "ramet.events", "ramet.sagas", "tests.integration.sagas"]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

if "SAGA_TEST_WRONG_OPTION" in os.environ:
    RAMET_EVENTS = {"no_such_option": 1}
