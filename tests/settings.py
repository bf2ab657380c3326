"""The smallest Django project that Ramet's own tests run in; some override DATABASES."""

from pathlib import Path

BASE_DIR = Path(__file__).resolve().parent
SECRET_KEY = "only-for-tests"
USE_TZ = True
DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}}
INSTALLED_APPS = [
    "django.contrib.contenttypes",
    "django.contrib.auth",
    "ramet.placement",
    "ramet.identity",
    "ramet.calls",
    "ramet.events",
    "ramet.sagas",
    "ramet.replicas",
    "ramet.auditing",
    "tests.bookshop.press",
    "tests.bookshop.library",
]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
