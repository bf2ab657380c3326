"""AUTH_USER_MODEL where no settings module that was read sets it: the project's only user model."""

from __future__ import annotations

from ramet.tools.assess.linking.classes import Class
from ramet.tools.assess.linking.models import ModelClasses
from ramet.tools.assess.linking.names import Module
from ramet.tools.assess.source.extract import ClassDef

__all__ = ["user_models"]

_USERS = (
    "django.contrib.auth.models.AbstractUser",
    "django.contrib.auth.models.AbstractBaseUser",
    "django.contrib.auth.base_user.AbstractBaseUser",
)


def user_models(module: Module, models: ModelClasses) -> list[str]:
    """The labels of a module's models of installed apps that can be it.

    It is guessed where there is only one in the project.
    """
    found = []
    for statement in module.extract.body:
        if isinstance(statement, ClassDef) and statement.bases:
            cls = models.classes.of_definition(module, statement)
            if _is_user(cls, models):
                label = models.app_label(cls)
                if label in models.apps.by_label:
                    found.append(f"{label}.{cls.name}")
    return found


def _is_user(cls: Class, models: ModelClasses) -> bool:
    """Whether it may be it: concrete, and of nobody's table but its own.

    A proxy of a user, or one with a table for more of it, such as `class Editor(User)`, is none.
    """
    if not cls.inherits(*_USERS) or models.is_abstract(cls):
        return False
    return all(models.is_abstract(base) or not base.inherits(*_USERS) for base in cls.mro[1:])
