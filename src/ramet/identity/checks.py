"""Django system checks of who may use what.

W040 a view that anybody may use, without somebody having said that it is meant so; E041 a scope
that the system's own provider does not declare, so that nobody can ever have it.
"""

from collections.abc import Iterator, Sequence
from typing import Any

from django.apps import AppConfig, apps
from django.core.checks import CheckMessage, Error, Warning

from ramet.identity.public_views import Route, permissions, routes, undecided

__all__ = ["check_public_views", "check_scopes"]


def check_public_views(
    app_configs: Sequence[AppConfig] | None = None, **kwargs: Any
) -> list[CheckMessage]:
    """W040, once for each view with a method that is open."""
    found: dict[str, tuple[Route, dict[str, None]]] = {}
    for route in routes():
        if methods := undecided(route):
            found.setdefault(route.name, (route, {}))[1].update(dict.fromkeys(methods))
    return [
        Warning(
            f"Anybody may use {', '.join(methods)} of {route.path}, "
            "and nothing says that it is meant so.",
            hint="Give it a permission (permission_classes = [IsSignedIn], HasScope(...), "
            "OwnedBy(...)), or say that it is public on purpose: permission_classes = [Public]."
            if route.drf_class
            else "Decorate it with login_required or the like, "
            "or say that it is public on purpose: ramet.public(view).",
            obj=name,
            id="ramet.W040",
        )
        for name, (route, methods) in found.items()
    ]


def check_scopes(
    app_configs: Sequence[AppConfig] | None = None, **kwargs: Any
) -> list[CheckMessage]:
    """E041, where the provider lives: what a foreign one declares is not known here."""
    from ramet.identity.settings import settings

    if not apps.is_installed("oauth2_provider") or settings().signing_keys is None:
        return []
    from oauth2_provider.settings import oauth2_settings

    declared = set(oauth2_settings.SCOPES)
    asked = {
        (route.name, scope): None
        for route in routes()
        if route.drf_class
        for _, required in permissions(route)
        for permission in required
        for scope in _scopes(permission)
    }
    return [
        Error(
            f"HasScope({scope!r}), a scope that nobody defines: nobody can have a token with it.",
            hint=f'Declare it as OAUTH2_PROVIDER = {{"SCOPES": {{"{scope}": "..."}}}} in the '
            f"settings, or correct the name. Declared: {', '.join(sorted(declared))}.",
            obj=name,
            id="ramet.E041",
        )
        for name, scope in asked
        if scope not in declared
    ]


def _scopes(permission: Any) -> Iterator[str]:
    if (scope := getattr(permission, "scope", None)) is not None:
        yield scope
    for part in ("op1", "op2"):  # of A & B, A | B, ~A
        if hasattr(permission, part):
            yield from _scopes(getattr(permission, part))
