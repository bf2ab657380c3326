"""Celery's way to the work."""

from celery import shared_task

from ledger.writing import write


@shared_task
def write_down(sale: str, amount: int, watched: bool) -> None:
    write(sale, amount, watched)
