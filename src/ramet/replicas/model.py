"""`Replica`: what a service author derives from, and the second table that a rebuild fills."""

from __future__ import annotations

from typing import Any, NoReturn

from django.db import models
from django.db.models.base import ModelBase
from django.db.models.signals import class_prepared, pre_save

from ramet.replicas.readonly import ReplicaManager, refuse

__all__ = ["LONGEST_KEY", "VERSION", "Replica", "rebuild_model", "replicated_fields"]

VERSION = "replica_version"
"""The column that holds the source's version of each row."""

LONGEST_KEY = 255
"""Characters of a key: so much is remembered of a row that was deleted."""

_LONGEST_TABLE = 63
"""Bytes of a name in PostgreSQL, which cuts longer ones without a word."""


class Replica(models.Model):
    """A read-only copy of another service's data: ordinary columns, and an inner class `Source`.

        class Product(ramet.Replica):
            id = models.UUIDField(primary_key=True)
            name = models.CharField(max_length=200)
            price = models.DecimalField(max_digits=10, decimal_places=2)

            class Source:
                upsert = ProductChanged             # an event, or a tuple of several
                delete = ProductRemoved             # likewise; None: rows are never deleted
                export = Products.export            # the operation that gives a rebuild its pages
                version = "version"                 # the field that grows with each change of a row
                fields = {"price": "price.amount"}  # columns that have another name there

    Every event has one effect, in order of its version: an older one than the row's is dropped, and
    so is one that is not newer than the delete of its key. The first worker that runs the code
    fills the replica; until then `is_ready()` is False.

    `makemigrations` makes two tables: this one, and `<Name>Rebuild` of the same columns, which is
    empty unless a rebuild is running. Writing through the ORM raises ReplicaIsReadOnly. What is
    wrong with a declaration is told by Django's checks, ids ramet.E030 to ramet.E034.
    """

    replica_version = models.BigIntegerField(editable=False)

    objects = ReplicaManager()

    class Meta:
        abstract = True
        default_permissions = ("view",)

    @classmethod
    def is_ready(cls) -> bool:
        """Whether it holds everything that the source had at some time: it was built once.

        One query. False in a database where it never was, however many events have arrived.
        """
        from ramet.replicas.models import Build

        return Build.objects.filter(pk=cls._meta.label, built_at__isnull=False).exists()

    @classmethod
    def receive(cls, event: object) -> None:
        """Feed one event, in the caller's transaction, as its subscription does. For tests.

        Raises DiagnosticError for a wrong declaration, TypeError for an event that is none of it.
        """
        from ramet.replicas.declaration import feed_of
        from ramet.replicas.feeding import receive

        receive(feed_of(cls), event)

    def save(self, *args: Any, **kwargs: Any) -> NoReturn:
        """Refused."""
        refuse(type(self), "save()")

    def delete(self, *args: Any, **kwargs: Any) -> NoReturn:
        """Refused."""
        refuse(type(self), "delete()")


def replicated_fields(model: type[models.Model]) -> list[models.Field[Any, Any]]:
    """The columns that the source fills: all but the version and what the database computes."""
    return [
        field
        for field in model._meta.local_fields
        if field.name != VERSION and not field.is_relation and not getattr(field, "generated", 0)
    ]


def rebuild_model(model: type[models.Model]) -> type[models.Model]:
    """The model of the table that a rebuild of a replica fills."""
    made: type[models.Model] = model.__dict__["_ramet_rebuild"]
    return made


def _make_rebuild_model(sender: type[models.Model], **_: Any) -> None:
    """Give a replica its second table, as a model of its app, so that migrations know it."""
    if not issubclass(sender, Replica) or sender._meta.proxy:
        return
    pre_save.connect(_refuse_saving, sender=sender)
    meta = type(
        "Meta",
        (),
        {
            "app_label": sender._meta.app_label,
            "apps": sender._meta.apps,
            "db_table": _table(sender._meta.db_table),
            "managed": sender._meta.managed,
            "default_permissions": (),
            "verbose_name": f"rebuild of {sender._meta.verbose_name}",
            "verbose_name_plural": f"rebuild of {sender._meta.verbose_name_plural}",
        },
    )
    columns = {field.name: _copied(field) for field in replicated_fields(sender)}
    sender._ramet_rebuild = ModelBase(  # type: ignore[attr-defined]
        f"{sender.__name__}Rebuild",
        (models.Model,),
        {
            "__module__": sender.__module__,
            "__qualname__": f"{sender.__qualname__}Rebuild",
            "__doc__": f"What a rebuild of {sender.__name__} has so far; see ramet.Replica.",
            "Meta": meta,
            **columns,
            VERSION: models.BigIntegerField(editable=False),
        },
    )


def _refuse_saving(sender: type[models.Model], **_: Any) -> None:
    """Fixtures are saved past `save`."""
    refuse(sender, "save_base()")


def _table(name: str) -> str:
    suffix = "_rebuild"
    plain = name.strip('"')
    return plain[: _LONGEST_TABLE - len(suffix)] + suffix


def _copied(field: models.Field[Any, Any]) -> models.Field[Any, Any]:
    """The same column without what only readers need: indexes, which would slow the rebuild."""
    _, _, args, options = field.deconstruct()
    for unwanted in ("unique", "db_index", "unique_for_date", "unique_for_month"):
        options.pop(unwanted, None)
    copied: models.Field[Any, Any] = type(field)(*args, **options)
    return copied


class_prepared.connect(_make_rebuild_model, dispatch_uid="ramet.replicas")
