"""Text that a database cannot keep: PostgreSQL has no NUL.

Serializer fields and Ramet's calls refuse what is no text; this is for addresses and forms.
"""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from shop.errors import bad_request


class RefuseNul:
    """Middleware: 400 for an address or a form with a NUL, which no honest browser sends.

    Here and not in each view, because the views that look such text up are not all ours: the
    OpenID provider's do as well. Half surrogates cannot come this way: Django decodes as UTF-8.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if self._has_nul(request):
            return bad_request(request, ValueError("the address or the form holds a NUL"))
        return self._get_response(request)

    def _has_nul(self, request: HttpRequest) -> bool:
        # Reading POST leaves a body that is not a form, such as JSON, unread.
        return "\0" in request.path or any(
            "\0" in name or any("\0" in value for value in values)
            for query in (request.GET, request.POST)
            for name, values in query.lists()
        )
