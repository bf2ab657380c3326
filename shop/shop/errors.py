"""Error pages by audience: a problem document below /api/, the provider's pages below /o/, the
storefront's elsewhere."""

from django.apps import apps
from django.http import HttpRequest, HttpResponse
from django.views import csrf, defaults

from ramet import problems


def is_for_programs(request: HttpRequest) -> bool:
    """Whether this request came in by the public API."""
    return request.path.startswith("/api/")


def page(request: HttpRequest, name: str) -> str:
    """The template of the error page `name` for who is here."""
    is_at_provider = request.path.startswith("/o/") and apps.is_installed("shop.users")
    return f"users/{name}" if is_at_provider else name


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """`handler400`."""
    if is_for_programs(request):
        return problems.bad_request(request, exception)
    return defaults.bad_request(request, exception, page(request, "400.html"))


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    """`handler403`."""
    if is_for_programs(request):
        return problems.permission_denied(request, exception)
    return defaults.permission_denied(request, exception, page(request, "403.html"))


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """`handler404`."""
    if is_for_programs(request):
        return problems.not_found(request, exception)
    return defaults.page_not_found(request, exception, page(request, "404.html"))


def server_error(request: HttpRequest) -> HttpResponse:
    """`handler500`."""
    if is_for_programs(request):
        return problems.server_error(request)
    return defaults.server_error(request, page(request, "500.html"))


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """`CSRF_FAILURE_VIEW`."""
    return csrf.csrf_failure(request, reason, page(request, "403_csrf.html"))
