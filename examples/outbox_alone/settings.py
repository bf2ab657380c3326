"""A plain Django project; what it takes from Ramet is in INSTALLED_APPS."""

from pathlib import Path

BASE_DIR = Path(__file__).resolve().parent
SECRET_KEY = "an-example"  # noqa: S105
USE_TZ = True
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": BASE_DIR / "library.sqlite3",
        # A writer waits for another one, which SQLite asks for at the start of a transaction.
        "OPTIONS": {"transaction_mode": "IMMEDIATE", "timeout": 20},
    }
}
INSTALLED_APPS = ["library", "ramet.events"]
ROOT_URLCONF = "urls"
