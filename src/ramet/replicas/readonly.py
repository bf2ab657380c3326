"""Why nothing but the feed writes to a replica: what the ORM offers for writing is refused."""

from __future__ import annotations

from typing import Any, NoReturn, TypeVar

from django.db import models

__all__ = ["ReplicaIsReadOnly", "ReplicaManager", "ReplicaQuerySet", "refuse"]

Row = TypeVar("Row", bound=models.Model)


class ReplicaIsReadOnly(TypeError):
    """Code of the project tried to write to a replica."""


def refuse(model: type[models.Model], deed: str) -> NoReturn:
    """Raise ReplicaIsReadOnly for what was tried, such as `save()`."""
    label = model._meta.label
    raise ReplicaIsReadOnly(
        f"{deed} on {label}, which is a replica: a copy of another service's data that only the"
        " events of that service write. Ask the service for the change through its contract; its"
        f" event brings it here. If the copy is wrong, see `ramet replicas audit {label}` and"
        f" `ramet replicas rebuild {label}`."
    )


class ReplicaQuerySet(models.QuerySet[Row]):
    """Reads as any other, and refuses to write. Raw SQL is not looked at."""

    def _refuse(self, deed: str) -> NoReturn:
        refuse(self.model, f"{deed}() of a queryset")

    def create(self, *args: Any, **kwargs: Any) -> NoReturn:
        self._refuse("create")

    def get_or_create(self, *args: Any, **kwargs: Any) -> NoReturn:
        self._refuse("get_or_create")

    def update_or_create(self, *args: Any, **kwargs: Any) -> NoReturn:
        self._refuse("update_or_create")

    def bulk_create(self, *args: Any, **kwargs: Any) -> NoReturn:
        self._refuse("bulk_create")

    def bulk_update(self, *args: Any, **kwargs: Any) -> NoReturn:
        self._refuse("bulk_update")

    def update(self, **kwargs: Any) -> NoReturn:
        self._refuse("update")

    def delete(self) -> NoReturn:
        self._refuse("delete")


class ReplicaManager(models.Manager[Row]):
    """The manager of every replica; one of your own derives from it."""

    def get_queryset(self) -> ReplicaQuerySet[Row]:
        """Rows to be read."""
        return ReplicaQuerySet(self.model, using=self._db)
