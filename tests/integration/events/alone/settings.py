"""Settings of a project that uses nothing of Ramet but its events."""

import os

DEBUG = True
SECRET_KEY = "only-for-tests"
USE_TZ = True
ALLOWED_HOSTS = ["*"]
ROOT_URLCONF = "tests.integration.events.alone.urls"
INSTALLED_APPS = ["tests.integration.events.alone.letters", "ramet.events"]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": os.environ["TEST_SQLITE"],
        "OPTIONS": {"transaction_mode": "IMMEDIATE", "timeout": 10},
    }
}
