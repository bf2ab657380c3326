"""The way of the peer that BENCH_PEER names: both look for their tasks in this module."""

import os

from ledger.writing import write


def write_down(sale: str, amount: int, watched: bool) -> None:
    write(sale, amount, watched)


if os.environ["BENCH_PEER"] == "procrastinate":
    from procrastinate.contrib.django import app

    write_down = app.task(write_down)
else:
    try:
        from django.tasks import task
    except ModuleNotFoundError:  # Django 5.2
        from django_tasks import task

    write_down = task(write_down)
