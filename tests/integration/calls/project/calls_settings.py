"""A project without models of its own; RAMET_* variables say the rest."""

import ramet

SECRET_KEY = "only-for-tests"
USE_TZ = True
INSTALLED_APPS = ["depot", "bureau", "desk"]
DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
ROOT_URLCONF = "calls_urls"
ALLOWED_HOSTS = ["*"]
MIDDLEWARE = ["ramet.identity.middleware.IdentityMiddleware"]
LOGGING = {
    "version": 1,
    "handlers": {"stderr": {"class": "logging.StreamHandler"}},
    "root": {"handlers": ["stderr"], "level": "INFO"},
}

ramet.place(globals())
