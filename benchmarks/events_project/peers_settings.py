"""The same for the peers, one at a time: BENCH_PEER says which."""

import os

from django import VERSION

from ramet.placement.databases import database

_NEEDS = {
    "celery": [],
    "procrastinate": ["procrastinate.contrib.django"],
    "django_tasks": ["django_tasks_db"] + ([] if VERSION >= (6,) else ["django_tasks"]),
}
SECRET_KEY = "only-for-benchmarks"
USE_TZ = True
INSTALLED_APPS = [*_NEEDS[os.environ["BENCH_PEER"]], "ledger"]
DATABASES = {"default": database(os.environ["BENCH_DATABASE_URL"])}
# Kept connections without a round trip that checks each before it is used: peers check per task.
DATABASES["default"]["CONN_HEALTH_CHECKS"] = False
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
TASKS = {"default": {"BACKEND": "django_tasks_db.DatabaseBackend"}}
