"""`request.user` from the token, for plain Django views; DRF views use `ramet.identity.drf`."""

from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse

from ramet.identity import context
from ramet.identity.bearer import challenge, of_header
from ramet.identity.claims import InvalidToken, KeysUnavailable
from ramet.identity.tokens import verify
from ramet.identity.user import Anonymous, User

__all__ = ["IdentityMiddleware", "LoginRequiredMiddleware", "invalid_token_response"]


class IdentityMiddleware:
    """Binds the caller for the request; a token that is not believed ends it with 401.

    Stands where AuthenticationMiddleware stood. Beside it (in the issuer's process), `request.user`
    stays the session's, a model, which Django's and the provider's pages need; the token's user is
    `current_user()` alone: signing in with a token is no session.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        user: User | Anonymous = Anonymous()
        try:
            token = of_header(request.headers.get("Authorization", ""))
            if token is not None:
                user = context.bind(verify(token))
            else:
                context.clear()
        except InvalidToken as error:
            return invalid_token_response(error)
        except KeysUnavailable:
            return _problem(
                HTTPStatus.SERVICE_UNAVAILABLE,
                "The keys to check the access token with cannot be fetched at the moment.",
                {"Retry-After": "1"},
            )
        if not hasattr(request, "user"):
            request.user = user  # type: ignore[assignment]  # Django types it as its own user
        try:
            return self.get_response(request)
        finally:
            context.clear()


class LoginRequiredMiddleware:
    """Django's middleware of that name, where django.contrib.auth is absent: 401 without a token.

    Views marked with `login_not_required` stay open. There is no redirect to a sign-in page, as
    its session would mean nothing here: whoever asks needs an access token.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: Callable[..., Any], args: Any, kwargs: Any
    ) -> HttpResponse | None:
        """See Django; a request that nobody gave a user is refused, too."""
        if not getattr(view, "login_required", True):
            return None
        if getattr(getattr(request, "user", None), "is_authenticated", False):
            return None
        return _problem(
            HTTPStatus.UNAUTHORIZED,
            "This page is for people who have signed in: send an access token.",
            {"WWW-Authenticate": challenge()},
        )


def invalid_token_response(error: InvalidToken) -> HttpResponse:
    """401 with the Bearer challenge and a problem document (RFC 6750, RFC 9457)."""
    return _problem(
        HTTPStatus.UNAUTHORIZED,
        f"The access token was not accepted: {error.reason}.",
        {"WWW-Authenticate": challenge(error)},
    )


def _problem(status: HTTPStatus, detail: str, headers: dict[str, str]) -> HttpResponse:
    # Not ramet.problems: it stands beside this package, and would load DRF into plain processes.
    document = {
        "type": "about:blank",
        "title": status.phrase,
        "status": status.value,
        "detail": detail,
    }
    return JsonResponse(
        document, status=status, content_type="application/problem+json", headers=headers
    )
