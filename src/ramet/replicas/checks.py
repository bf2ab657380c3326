"""Django system checks of replicas.

E030 `Source` is missing, incomplete or says too much; E031 it names something that is no event, or
no operation that could export; E032 columns, key or version that events or export do not have; E033
a table that cannot be a replica; E034 a constraint of another table on a replica.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from django.apps import apps
from django.core.checks import CheckMessage, Error, register
from django.db import models

from ramet.replicas.declaration import feeds
from ramet.replicas.model import Replica

__all__ = ["check_constraints", "check_declarations"]

_IDS = {
    "replica-source": "ramet.E030",
    "replica-event": "ramet.E031",
    "replica-columns": "ramet.E032",
    "replica-table": "ramet.E033",
}


@register("ramet")
def check_declarations(app_configs: Any = None, **kwargs: Any) -> Sequence[CheckMessage]:
    """E030 to E033, for every replica, all mistakes together."""
    _, mistakes = feeds()
    return [
        Error(
            f"Found {each.found}; expected {each.expected}.",
            hint=f"{each.remedy[:1].upper()}{each.remedy[1:]}.",
            obj=each.where,
            id=_IDS[each.reference],
        )
        for each in mistakes
    ]


@register("ramet")
def check_constraints(app_configs: Any = None, **kwargs: Any) -> Sequence[CheckMessage]:
    """E034: rows of a replica come and go when the source says so; no other table may object."""
    return [
        Error(
            f"{type(field).__name__} to the replica {target._meta.label}: the database would refuse"
            " a row that is here before the replica has its own, and a delete of the source.",
            hint="Say db_constraint=False and on_delete=models.DO_NOTHING, or use ramet.RemoteKey.",
            obj=field,
            id="ramet.E034",
        )
        for field, target in _references()
        if getattr(field, "db_constraint", True)
    ]


def _references() -> Iterator[tuple[models.Field[Any, Any], type[Replica]]]:
    for model in apps.get_models(include_auto_created=True):  # with the tables of many-to-many
        for field in model._meta.local_fields:
            target = field.remote_field.model if field.remote_field else None
            if isinstance(target, type) and issubclass(target, Replica):
                yield field, target
