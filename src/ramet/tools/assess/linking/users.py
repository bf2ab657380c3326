"""AUTH_USER_MODEL where no settings module that was read sets it: the project's only user model."""

from __future__ import annotations

from collections.abc import Iterable

from ramet.tools.assess.linking.models import ModelClasses
from ramet.tools.assess.linking.names import Module
from ramet.tools.assess.source.extract import ClassDef

__all__ = ["guess_user_model"]

_USERS = (
    "django.contrib.auth.models.AbstractUser",
    "django.contrib.auth.models.AbstractBaseUser",
    "django.contrib.auth.base_user.AbstractBaseUser",
)


def guess_user_model(modules: Iterable[Module], models: ModelClasses) -> None:
    """Set it, where one model of an installed app of the project can be it, and only one."""
    settings = models.classes.values.settings
    if settings.get("AUTH_USER_MODEL"):
        return
    found: set[str] = set()
    for module in modules:
        if module.is_test or module.is_migration:
            continue
        for statement in module.extract.body:
            if isinstance(statement, ClassDef) and statement.bases:
                cls = models.classes.of_definition(module, statement)
                if (
                    cls.inherits(*_USERS)
                    and not models.is_abstract(cls)
                    and not models.is_proxy(cls)
                ):
                    label = models.app_label(cls)
                    if label in models.apps.by_label:
                        found.add(f"{label}.{cls.name}")
    if len(found) == 1:
        settings["AUTH_USER_MODEL"] = found.pop()
