"""A plain Django project: one marked view, on the database that IDEMPOTENCY_TEST_DATABASE names."""

import os

from ramet.placement.databases import database

SECRET_KEY = "only-for-tests"
USE_TZ = True
DATABASES = {"default": database(os.environ["IDEMPOTENCY_TEST_DATABASE"])}
INSTALLED_APPS = ["ramet.calls", "tests.integration.idempotency"]
ROOT_URLCONF = "tests.integration.idempotency.views"
ALLOWED_HOSTS = ["testserver"]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
RAMET_CALLS = {"wait_for_first": int(os.environ.get("IDEMPOTENCY_TEST_WAIT", "20"))}
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [],
    "EXCEPTION_HANDLER": "ramet.problems.exception_handler",
    "UNAUTHENTICATED_USER": None,
}
