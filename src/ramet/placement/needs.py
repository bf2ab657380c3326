"""Apps that cannot be where they are: told before Django fails on them with a traceback.

An app that no service owns is in every process. When its models refer to those of an app that a
service owns, such as django.contrib.admin's to users, it cannot be where that service is absent.
"""

import ast
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from ramet.errors import Mistake
from ramet.placement.installed import installed_app, source
from ramet.system import System

__all__ = ["homeless_apps", "missing_apps"]

# Modules of an app whose import fails where its models have no app, by their last parts.
_WITH_MODELS = frozenset({"models", "fields", "admin"})


def missing_apps(entries: Sequence[str], system: System, here: frozenset[str]) -> Iterator[Mistake]:
    """Apps of the services `here` that INSTALLED_APPS, which is `entries`, does not have."""
    installed = {installed_app(entry, system.root).name for entry in entries}
    for service in system.services.values():
        for app in service.apps:
            if service.name in here and app not in installed:
                yield Mistake(
                    "app-not-installed",
                    where="settings.INSTALLED_APPS",
                    found=f'no "{app}", an app of {service.name} in {system.path.name}',
                    expected="every app of the services that live here",
                    remedy=f'Add "{app}" to INSTALLED_APPS, or remove it from '
                    f"[services.{service.name}].",
                )


def homeless_apps(
    entries: Sequence[str],
    system: System,
    here: frozenset[str],
    labels: Mapping[str, str],
    user: str,
) -> Iterator[Mistake]:
    """Apps that no service owns and whose models need an app of a service that is not `here`.

    `user` is AUTH_USER_MODEL.
    """
    for entry in entries:
        app = installed_app(entry, system.root).name
        if system.service_of_module(app) is not None or system.service_of_module(entry) is not None:
            continue
        for needed, service in _needs(app, system, labels, user):
            if service not in here:
                yield Mistake(
                    "app-needs-absent-app",
                    where="settings.INSTALLED_APPS",
                    found=f'"{app}", which no service owns, and whose models need {needed} '
                    f"of {service}",
                    expected="an app beside those that its models refer to",
                    remedy=f'Add "{app}" to the apps of [services.{service}] in '
                    f"{system.path.name}: it is then absent where {service} is.",
                )
                break


def _needs(
    app: str, system: System, labels: Mapping[str, str], user: str
) -> Iterator[tuple[str, str]]:
    """Apps that the models of an app refer to, each with the service that owns it."""
    for target in _targets(app, system.root):
        if target == "AUTH_USER_MODEL":
            label = user.partition(".")[0]
            if label in labels:
                yield f"the user model {user}", labels[label]
            continue
        owned = system.app_of_module(target)
        if owned is not None and _WITH_MODELS.intersection(target.removeprefix(owned).split(".")):
            service = system.service_of_app(owned)
            assert service is not None
            yield owned, service.name


def _targets(app: str, root: Path) -> Iterator[str]:
    """What the models of an app import whenever they are imported, and AUTH_USER_MODEL."""
    for file in _files(app, root):
        try:
            tree = ast.parse(file.read_bytes(), filename=str(file))
        except (SyntaxError, ValueError):
            continue  # importing it says so more clearly
        # Only what surely runs: an import in a function, or under `if` or `try`, may be optional.
        for node in tree.body:
            if isinstance(node, ast.Import):
                yield from (alias.name for alias in node.names)
            elif isinstance(node, ast.ImportFrom) and node.level == 0:
                yield from (f"{node.module}.{alias.name}" for alias in node.names)
            elif isinstance(node, ast.ClassDef):
                yield from _user_models(node)


def _user_models(model: ast.ClassDef) -> Iterator[str]:
    for statement in model.body:
        if isinstance(statement, ast.Assign | ast.AnnAssign) and statement.value is not None:
            for node in ast.walk(statement.value):
                if isinstance(node, ast.Attribute) and node.attr == "AUTH_USER_MODEL":
                    yield node.attr


def _files(app: str, root: Path) -> list[Path]:
    models = source(f"{app}.models", root)
    if models is None:
        return []
    return sorted(models.parent.glob("*.py")) if models.name == "__init__.py" else [models]
