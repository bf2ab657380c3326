"""What every page has in common: who is there, on whose behalf we call, and what if that fails."""

import logging
from collections.abc import Callable
from functools import wraps
from typing import Any
from urllib.parse import urlsplit

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.cache import patch_cache_control
from django.utils.http import urlencode

import ramet
from ramet import telemetry
from ramet.calls.errors import Unauthenticated
from ramet.identity import InvalidToken, KeysUnavailable
from ramet.identity.context import use_token

from .basket import Basket
from .models import SignIn
from .sign_in import session
from .sign_in.attempts import own_path
from .sign_in.back_channel import ProviderUnavailable

logger = logging.getLogger(__name__)

View = Callable[..., HttpResponse]

_NOTICE_KEY = "storefront.notice"
_AWAY = (ramet.Unavailable, ramet.DeadlineExceeded, KeysUnavailable, ProviderUnavailable)


class NotFound(Exception):
    """There is no such page for this visitor; answered with a friendly 404."""


def page(*, signed_in: bool = False) -> Callable[[View], View]:
    """Make a view a page: `request.visitor` is a SignIn or None, calls carry the visitor's token.

    With `signed_in`, others are sent to sign in first. A service that does not answer becomes a
    page with status 503; the session, and so the basket, is as it was.
    """

    def decorate(view: View) -> View:
        @wraps(view)
        def wrapped(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            request.visitor = None  # type: ignore[attr-defined]
            try:
                response = _on_behalf_of_visitor(request, view, signed_in, args, kwargs)
            except (InvalidToken, Unauthenticated) as error:
                # The provider's keys or the system's name changed: nothing but a new sign-in helps.
                logger.info("a sign-in is no longer accepted: %s", error)
                session.end(request)
                request.visitor = None  # type: ignore[attr-defined]
                response = _to_sign_in(request)
            except NotFound:
                response = show(request, "not_found", status=404)
            except _AWAY as error:
                logger.warning("%s %s: %s", request.method, request.path, error)
                response = show(request, "unavailable", {"again": _own_page(request)}, status=503)
                response["Retry-After"] = "5"
            # One person's: not for shared caches.
            patch_cache_control(response, private=True, no_store=True)
            return response

        return wrapped

    return decorate


def show(
    request: HttpRequest, template: str, context: dict[str, Any] | None = None, status: int = 200
) -> HttpResponse:
    """Render `templates/storefront/<template>.html` with what the frame around it needs."""
    frame = {
        "visitor": request.visitor,  # type: ignore[attr-defined]
        "basket_count": len(Basket(request)),
        "notice": request.session.pop(_NOTICE_KEY, None),
        "traceparent": telemetry.traceparent(),
    }
    return render(
        request, f"storefront/{template}.html", {**frame, **(context or {})}, status=status
    )


def notify(request: HttpRequest, text: str, *, trouble: bool = False) -> None:
    """Say `text` on top of the next page that this visitor sees."""
    request.session[_NOTICE_KEY] = {"text": text, "trouble": trouble}


def _on_behalf_of_visitor(
    request: HttpRequest, view: View, signed_in: bool, args: Any, kwargs: Any
) -> HttpResponse:
    visitor: SignIn | None = session.current(request)
    request.visitor = visitor  # type: ignore[attr-defined]
    if visitor is None:
        return _to_sign_in(request) if signed_in else view(request, *args, **kwargs)
    with use_token(visitor.access_token):
        return view(request, *args, **kwargs)


def _to_sign_in(request: HttpRequest) -> HttpResponse:
    """To the sign-in page and back."""
    query = urlencode({"next": _own_page(request)})
    return HttpResponseRedirect(f"{reverse('storefront:sign-in')}?{query}")


def _own_page(request: HttpRequest) -> str:
    """The path of this page; of a form that was sent, of the page it was on, else the basket."""
    if request.method in ("GET", "HEAD"):
        return request.get_full_path()
    try:
        came_from = urlsplit(request.headers.get("Referer", ""))
    except ValueError:  # such as http://[
        return reverse("storefront:basket")
    if came_from.netloc != request.get_host():
        return reverse("storefront:basket")
    return own_path(f"{came_from.path}?{came_from.query}" if came_from.query else came_from.path)
