"""Django system checks of boundaries: what would break, or be lost, when a service moves out.

E001 a relation across services; E002 an import across services of more than contract and events;
E004 a contract or events module that imports the inside of its app; E005 a RemoteKey to a model
that does not exist; E006 a name in a shared setting that lies in one service's app; W001 a relation
of a shared app to a service's model. E003 is of ramet.events, E010 of ramet.calls.
"""

from collections.abc import Iterator, Sequence
from typing import Any

from django.apps import AppConfig, apps
from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning
from django.db import models

from ramet.placement.fields import remote_model
from ramet.placement.shared_settings import misplaced
from ramet.placement.whereabouts import Here, here
from ramet.system.imports import explained, imports

__all__ = ["check_imports", "check_relations", "check_remote_keys", "check_settings"]


def check_relations(
    app_configs: Sequence[AppConfig] | None = None, **kwargs: Any
) -> list[CheckMessage]:
    """E001 and W001, for each relation of a model that is installed here."""
    place = here()
    return [
        message
        for model in apps.get_models(include_auto_created=False)
        for field in _own_relations(model)
        if (message := _relation(place, model, field)) is not None
    ]


def check_imports(
    app_configs: Sequence[AppConfig] | None = None, **kwargs: Any
) -> list[CheckMessage]:
    """E002 and E004, for the services that live here."""
    place = here()
    return [
        Error(message, hint=hint, obj=found.where, id=identifier)
        for found in imports(place.system)
        if place.has(found.importer) and not found.is_allowed
        for identifier, message, hint in [explained(found)]
    ]


def check_remote_keys(
    app_configs: Sequence[AppConfig] | None = None, **kwargs: Any
) -> list[CheckMessage]:
    """E005, for keys whose target would be known here: an absent service's models are not."""
    place = here()
    return [
        Error(
            f'RemoteKey to "{target}", which does not exist.',
            hint="Name a model as APP_LABEL.MODEL, as a ForeignKey would.",
            obj=field,
            id="ramet.E005",
        )
        for model in apps.get_models()
        for field in model._meta.local_fields
        if (target := remote_model(field)) is not None and not _may_exist(place, target)
    ]


def check_settings(
    app_configs: Sequence[AppConfig] | None = None, **kwargs: Any
) -> list[CheckMessage]:
    """E006: in a process without that service `place` refuses to start, so it is told before."""
    system = here().system
    if sum(service.is_django for service in system.services.values()) < 2:
        return []
    given = {
        name: getattr(settings, name)
        for name in ("MIDDLEWARE", "REST_FRAMEWORK", "RAMET_OPTIONAL_MIDDLEWARE")
        if hasattr(settings, name)
    }
    return [
        Error(
            f"{found.setting} names {found.found}; other services use this setting without it.",
            hint=found.remedy,
            obj=f"settings.{found.setting}",
            id="ramet.E006",
        )
        for found in misplaced(given, system)
    ]


def _may_exist(place: Here, target: str) -> bool:
    label, _, name = target.partition(".")
    owner = place.service_of_label(label)
    if owner is not None and not place.has(owner):
        return bool(name)
    return name.lower() in apps.all_models[label]


def _own_relations(model: type[models.Model]) -> "Iterator[models.Field[Any, Any]]":
    for field in (*model._meta.local_fields, *model._meta.local_many_to_many):
        if field.remote_field is not None and field.remote_field.model is not None:
            yield field


def _relation(
    place: Here, model: type[models.Model], field: "models.Field[Any, Any]"
) -> CheckMessage | None:
    owner = place.service_of(model.__module__)
    target: Any = field.remote_field.model if field.remote_field else None
    if isinstance(target, str):
        # Not resolved: the model's app is absent here, so only its label is left to go by.
        other, name = place.service_of_label(target.partition(".")[0]), target
    else:
        other, name = place.service_of(target.__module__), target._meta.label
    if other is None or other == owner:
        return None
    kind = type(field).__name__
    if owner is None:
        return Warning(
            f"{kind} from {model._meta.label}, which no service owns, to {name} of {other}.",
            hint=f"Give the app of {model._meta.label} to {other} in ramet.toml: "
            f"where {other} is absent, this relation has nothing to point to.",
            obj=field,
            id="ramet.W001",
        )
    return Error(
        f"{kind} from {owner} to {name} of {other}: services do not share a database.",
        hint=f'Use ramet.RemoteKey("{name}"), and ask {other} through its contract.'
        if not field.many_to_many
        else f"Make a model of {owner} with a ramet.RemoteKey for each link.",
        obj=field,
        id="ramet.E001",
    )
