"""What leaves the settings together with the apps of services that live elsewhere."""

from typing import Any

from ramet.errors import DiagnosticError
from ramet.placement.installed import installed_app
from ramet.placement.shared_settings import AUTH_MIDDLEWARE, LOGIN_REQUIRED, misplaced
from ramet.placement.whereabouts import Here

__all__ = ["narrow"]

_AUTH = "django.contrib.auth"
_IDENTITY_MIDDLEWARE = "ramet.identity.middleware.IdentityMiddleware"
_OUR_LOGIN_REQUIRED = "ramet.identity.middleware.LoginRequiredMiddleware"


def narrow(settings: dict[str, Any], here: Here) -> None:
    """Remove absent apps and every dotted name into them from the settings that Django imports.

    `request.user` then comes from the token's claims. With django.contrib.auth absent, DRF gets
    defaults that do not import its models. Nothing leaves that may keep somebody out: raises
    DiagnosticError for such names in absent apps.
    """
    _refuse_misplaced(settings, here)
    settings["INSTALLED_APPS"] = [
        entry
        for entry in settings.get("INSTALLED_APPS", ())
        # The class of an entry may lie elsewhere than its app: a project's own AdminConfig.
        if not _is_absent(entry, here) and not _is_absent(_name(entry, here), here)
    ]
    settings["MIDDLEWARE"] = _middleware(settings.get("MIDDLEWARE", ()), here)
    if "TEMPLATES" in settings:
        settings["TEMPLATES"] = [_template_engine(engine, here) for engine in settings["TEMPLATES"]]
    if "AUTHENTICATION_BACKENDS" in settings:
        settings["AUTHENTICATION_BACKENDS"] = _present(settings["AUTHENTICATION_BACKENDS"], here)
    _drop_user_model(settings, here)
    _set_rest_framework(settings, here)


def _refuse_misplaced(settings: dict[str, Any], here: Here) -> None:
    mistakes = [
        found.mistake()
        for found in misplaced(settings, here.system)
        if not here.has(found.service)
        and (found.setting == "MIDDLEWARE" or not _is_absent("rest_framework", here))
    ]
    if mistakes:
        raise DiagnosticError(*mistakes)


def _is_absent(dotted: str, here: Here) -> bool:
    service = here.service_of(dotted)
    return service is not None and not here.has(service)


def _name(entry: str, here: Here) -> str:
    return installed_app(entry, here.system.root).name


def _present(names: Any, here: Here) -> list[Any]:
    return [name for name in names if not isinstance(name, str) or not _is_absent(name, here)]


def _middleware(declared: Any, here: Here) -> list[str]:
    middleware: list[str] = []
    for name in declared:
        if name == _IDENTITY_MIDDLEWARE:
            continue  # its place is decided below, also when place() is called twice
        is_absent = _is_absent(name, here)
        if not is_absent:
            middleware.append(name)
        elif name == LOGIN_REQUIRED:
            middleware.append(_OUR_LOGIN_REQUIRED)
        # After Django's own: a session's user stays unless the request carries a token. A system
        # without an issuer has no tokens that concern us, so it keeps exactly what it had.
        if name == AUTH_MIDDLEWARE and (is_absent or here.system.gateway.issuer is not None):
            middleware.append(_IDENTITY_MIDDLEWARE)
    if here.system.gateway.issuer is not None and _IDENTITY_MIDDLEWARE not in middleware:
        middleware.append(_IDENTITY_MIDDLEWARE)
    return middleware


def _template_engine(engine: dict[str, Any], here: Here) -> dict[str, Any]:
    options = dict(engine.get("OPTIONS", {}))
    for name in ("context_processors", "builtins"):
        if name in options:
            options[name] = _present(options[name], here)
    if "libraries" in options:
        options["libraries"] = {
            label: module
            for label, module in options["libraries"].items()
            if not _is_absent(module, here)
        }
    return engine | {"OPTIONS": options} if options else engine


def _drop_user_model(settings: dict[str, Any], here: Here) -> None:
    owner = here.service_of_label(settings.get("AUTH_USER_MODEL", "").partition(".")[0])
    if owner is not None and not here.has(owner):
        del settings["AUTH_USER_MODEL"]


def _set_rest_framework(settings: dict[str, Any], here: Here) -> None:
    # Lists stay whole: an empty DEFAULT_PERMISSION_CLASSES would let everybody do everything.
    options = dict(settings.get("REST_FRAMEWORK", {}))
    options.setdefault("EXCEPTION_HANDLER", "ramet.problems.exception_handler")
    if _AUTH not in {_name(entry, here) for entry in settings["INSTALLED_APPS"]}:
        # DRF's own defaults import AnonymousUser, and with it models that have no app here.
        options.setdefault("UNAUTHENTICATED_USER", "ramet.identity.user.Anonymous")
        options.setdefault(
            "DEFAULT_AUTHENTICATION_CLASSES", ["ramet.identity.drf.TokenAuthentication"]
        )
    settings["REST_FRAMEWORK"] = options
