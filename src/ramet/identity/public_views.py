"""Which views anybody may use, and which of them somebody has decided to be so."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, TypeVar

from django.conf import settings
from django.http import HttpRequest
from django.urls import URLPattern, URLResolver, get_resolver

__all__ = ["Route", "permissions", "public", "routes", "undecided"]

_Target = TypeVar("_Target")

# Files that were put where everybody may read them; urls.py has no place to say so.
_FILES = ("django.views.static", "django.contrib.staticfiles.views")


def public(target: _Target) -> _Target:
    """Say that anybody may use a view on purpose: this one, or each of an include or of a list.

    A view, what `include(...)` gave, or a list of patterns; it is given back. For a view the same
    as Django's `login_not_required`: under a LoginRequiredMiddleware it opens the view, too. Views
    of DRF say it with the permission class `ramet.identity.drf.Public` instead.
    """
    given: Any = target
    if isinstance(given, tuple):
        given = getattr(given[0], "urlpatterns", given[0])
    views = [route.view for route in _patterns(given, "")] if isinstance(given, list) else [given]
    for view in views:
        vars(view)["login_required"] = False
    return target


@dataclass(frozen=True, slots=True)
class Route:
    """One pattern of the URLconf, with the path as it is written there."""

    path: str
    view: Callable[..., Any]

    @property
    def name(self) -> str:
        """The view as a dotted name."""
        view = self.drf_class or getattr(self.view, "view_class", None) or self.view
        return f"{view.__module__}.{getattr(view, '__qualname__', type(view).__qualname__)}"

    @property
    def drf_class(self) -> Any:
        """The class of a view of Django REST framework; None for another one."""
        found = getattr(self.view, "cls", None)
        return found if hasattr(found, "get_permissions") else None


def routes() -> Iterator[Route]:
    """Every view of this process's URLconf, the same one once for each of its paths."""
    return _patterns(get_resolver().url_patterns, "/")


def _patterns(patterns: Any, prefix: str) -> Iterator[Route]:
    for pattern in patterns:
        path = f"{prefix}{pattern.pattern}"
        if isinstance(pattern, URLResolver):
            yield from _patterns(pattern.url_patterns, path)
        elif isinstance(pattern, URLPattern):
            yield Route(path, pattern.callback)


def undecided(route: Route) -> tuple[str, ...]:
    """The methods, such as "GET", that anybody may use without somebody having said so."""
    if route.drf_class is None:
        return () if _is_decided(route) else ("every method",)
    return tuple(
        method for method, asked in permissions(route) if all(_is_open(each) for each in asked)
    )


def permissions(route: Route) -> Iterator[tuple[str, list[Any]]]:
    """For each method of a view of DRF, the permissions that it asks for."""
    from rest_framework.request import Request

    cls, view = route.drf_class, route.view
    actions: dict[str, str] | None = getattr(view, "actions", None)
    for method in actions or [name for name in cls.http_method_names if hasattr(cls, name)]:
        if method == "options":
            continue
        request = HttpRequest()
        request.method = method.upper()
        # As DRF does it, because get_permissions may look at any of these.
        instance = cls(**getattr(view, "initkwargs", {}))
        instance.request, instance.args, instance.kwargs = Request(request), (), {}
        instance.format_kwarg = None
        instance.action = None if actions is None else actions[method]
        yield method.upper(), instance.get_permissions()


def _is_open(permission: Any) -> bool:
    from rest_framework.permissions import AND, OR, AllowAny

    if isinstance(permission, AND | OR):
        parts = [_is_open(getattr(permission, part)) for part in ("op1", "op2")]
        return any(parts) if isinstance(permission, OR) else all(parts)
    return type(permission) is AllowAny and not getattr(permission, "is_on_purpose", False)


def _is_decided(route: Route) -> bool:
    view = route.view
    return (
        getattr(view, "login_required", True) is False
        or any(name.endswith(".LoginRequiredMiddleware") for name in settings.MIDDLEWARE)
        or hasattr(view, "redirect_field_name")  # login_required and the like
        or hasattr(view, "admin_site")
        or hasattr(view, "model_admin")
        or hasattr(getattr(view, "view_class", None), "handle_no_permission")  # LoginRequiredMixin
        or route.name.startswith(_FILES)
    )
