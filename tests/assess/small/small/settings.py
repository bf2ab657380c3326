"""Everything but `drafts` is installed."""

import os

SECRET_KEY = os.environ.get("SMALL_SECRET_KEY", "small")
DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}}
INSTALLED_APPS = ["django.contrib.contenttypes", "django.contrib.auth", "sales", "goods"]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
ROOT_URLCONF = "small.urls"
USE_TZ = True
