"""What browsers are told about the storefront's pages."""

from collections.abc import Callable
from functools import cache

from django.http import HttpRequest, HttpResponse

from ramet.placement import here

_OTHERS = ("/api/", "/o/")


class StorefrontPages:
    """Middleware: only our own scripts run in the storefront's pages, and nobody frames them.

    The outermost, because the pages that refuse a request (a form without its token, an address
    with a NUL) are made by other middleware. In a monolith, other paths have headers of their own.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self._get_response(request)
        is_page = response.headers.get("Content-Type", "").startswith("text/html")
        if is_page and not request.path.startswith(_OTHERS):
            response.headers["Content-Security-Policy"] = _policy()
            response.headers["Referrer-Policy"] = "same-origin"
        return response


@cache
def _policy() -> str:
    issuer = "/".join(here().environment.issuer.split("/")[:3])
    return (
        "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; "
        "connect-src 'self'; base-uri 'none'; frame-ancestors 'none'; "
        # The provider too: browsers apply this to where a form's answer redirects.
        f"form-action 'self' {issuer}"
    )
