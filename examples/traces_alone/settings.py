"""A plain Django project; what it takes from Ramet are an app, a middleware and one setting."""

import os
from pathlib import Path

BASE_DIR = Path(__file__).resolve().parent
SECRET_KEY = "an-example"  # noqa: S105
USE_TZ = True
ALLOWED_HOSTS = ["testserver"]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
DATABASES = {
    "default": {"ENGINE": "django.db.backends.sqlite3", "NAME": BASE_DIR / "library.sqlite3"}
}
INSTALLED_APPS = ["library", "ramet.telemetry"]
MIDDLEWARE = [
    "ramet.telemetry.middleware.TelemetryMiddleware",  # the first one
    "django.middleware.common.CommonMiddleware",
]
RAMET_TELEMETRY = {"service": "library", "url": os.environ["COLLECTOR"], "sample": 1.0, "slow": 1}
ROOT_URLCONF = "urls"
