"""The Celery application of the peer, as Celery's own guide for Django makes it."""

import os

from celery import Celery

app = Celery("bench", broker=os.environ["BENCH_REDIS_URL"])
app.autodiscover_tasks(["ledger"], related_name="tasks_of_celery")
# Else the database's connection is closed before and after each task, whatever CONN_MAX_AGE says.
app.conf.update(CELERY_DB_REUSE_MAX=1_000_000_000)
