"""A system of two services: one signs tokens, the other one believes them."""

import os
from pathlib import Path

import ramet

BASE_DIR = Path(__file__).resolve().parent
SECRET_KEY = "only-for-tests"
USE_TZ = True
ROOT_URLCONF = "papers_urls"
WSGI_APPLICATION = "papers_wsgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
ALLOWED_HOSTS = ["localhost", "127.0.0.1", "testserver"]
INSTALLED_APPS = [
    "accounts",
    "notes",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "oauth2_provider",
    "rest_framework",
]
MIDDLEWARE = [
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
]
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": os.environ.get("PAPERS_DATABASE", ":memory:"),
    }
}
TEMPLATES = [{"BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True}]
AUTH_USER_MODEL = "accounts.User"
OAUTH2_PROVIDER = {"SCOPES": {"notes:write": "Write notes", "notes:read": "Read notes"}}
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["ramet.identity.drf.TokenAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["ramet.identity.drf.IsSignedIn"],
}

ramet.place(globals())
