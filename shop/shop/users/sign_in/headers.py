"""What browsers are told about the provider's pages."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

# No form-action: browsers apply it to where a form's answer redirects, which is any client.
_POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; base-uri 'none'; frame-ancestors 'none'"
)


class ProviderPages:
    """Middleware: only our own scripts run in pages below /o/, nobody frames or keeps them.

    The Referer names nothing but the site: addresses of these pages hold codes and keys.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self._get_response(request)
        is_page = response.headers.get("Content-Type", "").startswith("text/html")
        if request.path.startswith("/o/") and is_page:
            response.headers["Content-Security-Policy"] = _POLICY
            response.headers["Referrer-Policy"] = "strict-origin"
            response.headers.setdefault("Cache-Control", "no-store")
        return response
