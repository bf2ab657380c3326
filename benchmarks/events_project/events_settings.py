"""The smallest settings with which both services work."""

import ramet

SECRET_KEY = "only-for-benchmarks"
USE_TZ = True
INSTALLED_APPS = ["till", "ledger"]
DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

ramet.place(globals())
