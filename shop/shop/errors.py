"""Error pages by audience: a problem document below /api/, Django's HTML pages elsewhere."""

from django.http import HttpRequest, HttpResponse
from django.views import defaults

from ramet import problems


def is_for_programs(request: HttpRequest) -> bool:
    """Whether this request came in by the public API."""
    return request.path.startswith("/api/")


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """`handler400`."""
    view = problems.bad_request if is_for_programs(request) else defaults.bad_request
    return view(request, exception)


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    """`handler403`."""
    view = problems.permission_denied if is_for_programs(request) else defaults.permission_denied
    return view(request, exception)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """`handler404`."""
    view = problems.not_found if is_for_programs(request) else defaults.page_not_found
    return view(request, exception)


def server_error(request: HttpRequest) -> HttpResponse:
    """`handler500`."""
    view = problems.server_error if is_for_programs(request) else defaults.server_error
    return view(request)
