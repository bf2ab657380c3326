"""The manifest: what the services here really declare, as JSON that is committed and compared.

Placement knows apps, routes, migrations and imports; the other packages of the runtime contribute a
section each when their app is ready, so that no package has to know what the others declare.
"""

from collections.abc import Callable, Mapping
from typing import Any

from ramet.placement.whereabouts import Here
from ramet.system.imports import uses

__all__ = ["VERSION", "build", "contribute"]

VERSION = 1

Contribution = Callable[[Here], Mapping[str, Any]]

_contributions: dict[str, Contribution] = {}


def contribute(section: str, function: Contribution) -> None:
    """Add a section: `function(here)` returns, for each service's name, something JSON can say.

    Services that are left out do not get the section. What it returns must be the same for the
    same source: no times, no addresses, sorted where the order means nothing.
    """
    _contributions[section] = function


def build(here: Here) -> dict[str, Any]:
    """The manifest of the services here; `ramet manifest` asks a process that has all of them."""
    used = uses(here.system)
    services: dict[str, dict[str, Any]] = {
        name: _declared(here, name) | {"uses": used[name]}
        for name in here.system.services
        if here.has(name)
    }
    services |= {
        name: {"command": list(service.command), "routes": list(service.routes)}
        | ({"contract": service.contract} if service.contract else {})
        for name, service in here.system.services.items()
        if not service.is_django
    }
    for section, function in sorted(_contributions.items()):
        for name, content in function(here).items():
            if name in services:
                services[name][section] = content
    return {
        "manifest": VERSION,
        "system": here.system.name,
        "services": {name: services[name] for name in here.system.services if name in services},
    }


def _declared(here: Here, name: str) -> dict[str, Any]:
    service = here.system.services[name]
    return {
        "apps": list(service.apps),
        "routes": list(service.routes),
        "owner": service.owner,
        "migrations": _migrations(here, name),
        "remote_keys": _remote_keys(here, name),
    }


def _migrations(here: Here, name: str) -> dict[str, list[str]]:
    """Names of the migrations of the service's own apps; those of packages follow their version."""
    from django.apps import apps
    from django.db.migrations.loader import MigrationLoader

    own = set(here.own_apps())
    labels = {
        config.label
        for config in apps.get_app_configs()
        if config.name in own and here.service_of(config.name) == name
    }
    loader = MigrationLoader(None, ignore_no_migrations=True)
    migrations: dict[str, list[str]] = {}
    for label, migration in sorted(loader.disk_migrations):
        if label in labels:
            migrations.setdefault(label, []).append(migration)
    return migrations


def _remote_keys(here: Here, name: str) -> dict[str, str]:
    from django.apps import apps

    from ramet.placement.fields import remote_model

    return {
        f"{model._meta.label}.{field.name}": target
        for model in apps.get_models()
        if here.service_of(model.__module__) == name
        for field in model._meta.local_fields
        if (target := remote_model(field)) is not None
    }
