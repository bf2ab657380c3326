"""A clock that tests advance: what Ramet stored becomes older, and so due, without any waiting.

Ramet goes by the database's time. To move that, either every query asks a clock that tests can set,
in production too, or the rows move. The rows do: nothing of it is in the code that is tested, it
works on every database, and a worker in another process sees it as well.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import timedelta

from django.apps import apps
from django.db import models, router
from django.db.models import F

from ramet.testing.misuse import misuse

__all__ = ["Clock"]


class Clock:
    """The fixture `clock`."""

    def __init__(self) -> None:
        self.elapsed = timedelta()
        """How much was advanced in this test."""

    def advance(
        self,
        *,
        days: float = 0,
        hours: float = 0,
        minutes: float = 0,
        seconds: float = 0,
        also: Iterable[type[models.Model]] = (),
    ) -> None:
        """Let time go by for everything that Ramet has stored: all its times become older.

        So pauses end, timers and scheduled events become due, leases run out, old rows become old
        enough to be forgotten. `also` names models of the project whose times shall become older
        with them. What Python itself asks the time, such as `timezone.now()`, is not moved.
        Raises DiagnosticError unless the time is positive.
        """
        by = timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)
        if by <= timedelta():
            raise misuse(
                "clock-goes-forward",
                "clock.advance()",
                found=f"a time of {by.total_seconds():g} s",
                expected="more than nothing: time does not go back, and does not stand still",
                remedy="write clock.advance(hours=2)",
            )
        for model in (*_models_of_ramet(), *also):
            _age(model, by)
        self.elapsed += by


def _models_of_ramet() -> Iterator[type[models.Model]]:
    """All of them, so that a table which is added later needs nothing here."""
    for config in apps.get_app_configs():
        # Not the audit log: its past cannot be changed, and nothing of it is ever due.
        if config.name.partition(".")[0] == "ramet" and config.label != "ramet_audit":
            yield from config.get_models()


def _age(model: type[models.Model], by: timedelta) -> None:
    times = [
        field.name
        for field in model._meta.concrete_fields
        if isinstance(field, models.DateTimeField) and field.model is model
    ]
    if times:
        rows = model._base_manager.using(router.db_for_write(model))
        rows.update(**{name: F(name) - by for name in times})
