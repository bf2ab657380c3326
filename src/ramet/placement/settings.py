"""`ramet.place(globals())`: a project's settings narrowed to the services that live here."""

import os
import sys
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from ramet.errors import DiagnosticError
from ramet.placement import diagnostics
from ramet.placement.databases import database, with_safe_sqlite
from ramet.placement.environment import Environment, toml_path
from ramet.placement.installed import labels
from ramet.placement.narrowing import narrow
from ramet.placement.needs import homeless_apps, missing_apps
from ramet.placement.static_settings import set_static_files
from ramet.placement.whereabouts import Here
from ramet.system import System, find, load, placement

__all__ = ["place"]

RAMET_APPS = (
    "ramet.placement",
    "ramet.telemetry",
    "ramet.identity",
    "ramet.calls",
    "ramet.events",
    "ramet.sagas",
    "ramet.replicas",
    "ramet.auditing",
)

_AUDIT_MIDDLEWARE = "ramet.auditing.middleware.AuditMiddleware"
_TELEMETRY_MIDDLEWARE = "ramet.telemetry.middleware.TelemetryMiddleware"


def place(settings: dict[str, Any]) -> None:
    """Fit settings to this process's place; the last line of settings.py, with `globals()`.

    What lives here is read from RAMET_SERVICES; with nothing set it is everything, the monolith.
    Apps of services that live elsewhere are removed, with what else in the settings belongs to
    them. Where a RAMET_* variable says something about a setting, it wins; where Ramet only has a
    better default, the project's own value wins. Calling it twice does no harm.
    Raises DiagnosticError; in `manage.py` it is printed without a traceback, and the process ends.
    There the same holds for those of the code that Django loads afterwards: contracts, sagas.
    """
    is_command = Path(sys.argv[0]).name in {"manage.py", "django-admin"}
    if is_command:
        diagnostics.print_uncaught()
    try:
        _place(settings)
    except DiagnosticError as error:
        if is_command:
            print(error, file=sys.stderr)
            raise SystemExit(2) from None
        raise


def _place(settings: dict[str, Any]) -> None:
    system = load(toml_path(os.environ) or _find(settings))
    environment = Environment.read(os.environ, system)
    installed = [*settings.get("INSTALLED_APPS", ())]
    here = Here(
        system=system,
        services=environment.services,
        group=_group_name(system, environment.services),
        environment=environment,
        labels=labels(system, installed),
    )
    user = settings.get("AUTH_USER_MODEL", "auth.User")
    mistakes = [
        *missing_apps(installed, system, here.services),
        *homeless_apps(installed, system, here.services, here.labels, user),
    ]
    if mistakes:
        raise DiagnosticError(*mistakes)
    narrow(settings, here)
    _add_apps(settings)
    _set_databases(settings, environment)
    _set_hosts(settings, here)
    set_static_files(settings, here)
    _set_mail_and_celery(settings, environment)
    if environment.secret_key:
        settings["SECRET_KEY"] = environment.secret_key
    settings["RAMET"] = here


def _find(settings: dict[str, Any]) -> Path:
    file = settings.get("__file__")
    return find(Path(file).parent if file else Path.cwd())


def _group_name(system: System, services: frozenset[str]) -> str:
    groups = placement(system, "+".join(sorted(services)))
    return next(group.name for group in groups if services == frozenset(group.services))


def _add_apps(settings: dict[str, Any]) -> None:
    apps = list(settings.get("INSTALLED_APPS", ()))
    apps += [app for app in RAMET_APPS if app not in apps]
    settings["INSTALLED_APPS"] = apps
    middleware = list(settings.get("MIDDLEWARE", ()))
    # The innermost one: who asks is known by then.
    if _AUDIT_MIDDLEWARE not in middleware:
        middleware.append(_AUDIT_MIDDLEWARE)
    # The outermost one: what the others do belongs to the request, too.
    if _TELEMETRY_MIDDLEWARE not in middleware:
        middleware.insert(0, _TELEMETRY_MIDDLEWARE)
    settings["MIDDLEWARE"] = middleware


def _set_databases(settings: dict[str, Any], environment: Environment) -> None:
    databases = dict(settings.get("DATABASES", {}))
    if environment.database_url:
        databases["default"] = database(environment.database_url, databases.get("default"))
    elif databases.get("default", {}).get("ENGINE") == "django.db.backends.sqlite3":
        databases["default"] = with_safe_sqlite(databases["default"])
    settings["DATABASES"] = databases


def _set_hosts(settings: dict[str, Any], here: Here) -> None:
    environment = here.environment
    if here.group != "monolith" and len(here.system.services) > 1:
        # Behind one host name, but each with a database of its own: sessions must not collide.
        for name, default in (("SESSION", "sessionid"), ("CSRF", "csrftoken")):
            cookie = f"{name}_COOKIE_NAME"
            suffix = f"_{here.group}"
            current = settings.get(cookie, default).removesuffix(suffix)
            settings[cookie] = current + suffix
    if not {"RAMET_PUBLIC_URL", "RAMET_MESH_URL"} & os.environ.keys():
        return
    public = urlsplit(environment.public_url)
    # Service names: how the mesh addresses a process, for instance to fetch the key set.
    hosts = [public.hostname or "", "localhost", "127.0.0.1", "[::1]", *sorted(here.services)]
    settings["ALLOWED_HOSTS"] = _union(settings.get("ALLOWED_HOSTS", ()), hosts)
    settings["CSRF_TRUSTED_ORIGINS"] = _union(
        settings.get("CSRF_TRUSTED_ORIGINS", ()), [environment.public_url]
    )
    if public.scheme == "https":
        # Only the gateway reaches this process, and it overwrites the header.
        settings.setdefault("SECURE_PROXY_SSL_HEADER", ("HTTP_X_FORWARDED_PROTO", "https"))
        settings.setdefault("SESSION_COOKIE_SECURE", True)
        settings.setdefault("CSRF_COOKIE_SECURE", True)


def _set_mail_and_celery(settings: dict[str, Any], environment: Environment) -> None:
    if environment.mail_dir:
        settings["EMAIL_BACKEND"] = "django.core.mail.backends.filebased.EmailBackend"
        settings["EMAIL_FILE_PATH"] = environment.mail_dir
    if environment.celery_broker_url:
        settings["CELERY_BROKER_URL"] = environment.celery_broker_url
        # Without one, nothing is known of Celery: the project may name its broker elsewhere.
        settings["CELERY_TASK_ALWAYS_EAGER"] = False
    if environment.celery_folder:
        # One folder for both directions: sender and worker are of the same service.
        settings["CELERY_BROKER_TRANSPORT_OPTIONS"] = {
            "data_folder_in": str(environment.celery_folder),
            "data_folder_out": str(environment.celery_folder),
            "control_folder": str(environment.celery_folder / "control"),
            "store_processed": False,
        }


def _union(values: Any, added: list[str]) -> list[str]:
    return [*values, *(value for value in dict.fromkeys(added) if value and value not in values)]
