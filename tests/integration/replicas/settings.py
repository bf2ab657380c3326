"""The bookshop as a placed project; where its parts live, the environment says."""

import ramet

SECRET_KEY = "only-for-tests"
USE_TZ = True
DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}}
INSTALLED_APPS = ["tests.bookshop.press", "tests.bookshop.library"]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
ROOT_URLCONF = "tests.integration.replicas.urls"
ALLOWED_HOSTS = ["*"]

ramet.place(globals())
