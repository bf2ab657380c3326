"""Settings of both services."""

import ramet

SECRET_KEY = "for tests only"
ROOT_URLCONF = "pair.urls"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
INSTALLED_APPS = ["pair.left", "pair.right"]
MIDDLEWARE = ["django.middleware.common.CommonMiddleware"]
USE_TZ = True

ramet.place(globals())
