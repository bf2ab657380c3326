"""The settings of `django-admin startproject`, as far as they cost time; no database is asked."""

import os

import ramet

SECRET_KEY = "only-for-benchmarks"
USE_TZ = True
ALLOWED_HOSTS = ["*"]
ROOT_URLCONF = "catalogue.urls"
INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "rest_framework",
    "catalogue",
    "checkout",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
REST_FRAMEWORK = {"DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"]}

RAMET_TELEMETRY = {"sample": float(os.environ.get("BENCH_SAMPLE", "1"))}

ramet.place(globals())

if os.environ.get("BENCH_OFF"):  # not even counted
    from ramet.telemetry.metrics.instruments import Counter, Histogram

    Histogram.record = Counter.add = lambda *_, span=None: None
    MIDDLEWARE.remove("ramet.telemetry.middleware.TelemetryMiddleware")
