"""Signing in at the provider, and out again."""

import logging

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.http import require_POST, require_safe

from ramet.identity import InvalidToken, verify
from ramet.placement import here

from ..page import notify, page, show
from ..sign_in import attempts, provider, session
from ..sign_in.back_channel import ProviderUnavailable
from ..sign_in.provider import CLIENT_ID, NotGranted

logger = logging.getLogger(__name__)


@require_safe
@page()
def sign_in(request: HttpRequest) -> HttpResponse:
    """Send the browser to the provider."""
    return _to_provider(request)


@require_safe
@page()
def sign_up(request: HttpRequest) -> HttpResponse:
    """Send the browser to where the provider makes accounts; it comes back signed in."""
    return _to_provider(request, prompt="create")


@require_safe
@page()
def callback(request: HttpRequest) -> HttpResponse:
    """Take the code that the provider sent the browser back with, and get the tokens for it."""
    attempt = attempts.finish(request, request.GET.get("state", ""))
    if attempt is None:
        return _failed(request, "no attempt with this state")
    # RFC 9207, section 2.4: whose answer this is, where the provider tells.
    issuer = here().environment.issuer
    unnamed = "" if provider.endpoints().names_itself else issuer
    if request.GET.get("iss", unnamed) != issuer:
        return _failed(request, "the answer comes from another issuer")
    if "error" in request.GET:
        return _failed(request, f"the provider said {request.GET['error']!r}")
    try:
        tokens = provider.exchange(request.GET.get("code", ""), attempt.verifier, _redirect_uri())
        identity = provider.verified_id_token(tokens.id_token, attempt.nonce)
        access = verify(tokens.access_token)
    except (NotGranted, InvalidToken) as error:
        return _failed(request, str(error))
    if access.subject != identity["sub"]:
        return _failed(request, "the two tokens are about different people")
    session.begin(request, tokens, access.subject, access.username or "customer")
    notify(request, f"Welcome, {access.username}.")
    return HttpResponseRedirect(attempt.following)


@require_POST
@page()
def sign_out(request: HttpRequest) -> HttpResponse:
    """End the sign-in here and at the provider; nothing of it stays in this browser."""
    signed_in = session.end(request)
    request.session.flush()
    if signed_in is None:
        return redirect("storefront:catalogue")
    try:
        provider.revoke(signed_in.refresh_token)
        address = provider.endpoints().end_session
    except ProviderUnavailable as error:
        logger.warning("the provider was not told of a sign-out: %s", error)
        address = ""
    if not address:
        return redirect("storefront:catalogue")
    query = urlencode(
        {
            "id_token_hint": signed_in.id_token,
            "client_id": CLIENT_ID,
            "post_logout_redirect_uri": here().environment.public_url + "/",
        }
    )
    return HttpResponseRedirect(f"{address}?{query}")


def _to_provider(request: HttpRequest, **more: str) -> HttpResponse:
    following = attempts.own_path(request.GET.get("next", "/"))
    if request.visitor is not None:  # type: ignore[attr-defined]
        return HttpResponseRedirect(following)
    address = provider.endpoints().authorization
    query = attempts.begin(request, following).authorization_query(_redirect_uri(), **more)
    return HttpResponseRedirect(f"{address}{'&' if '?' in address else '?'}{query}")


def _redirect_uri() -> str:
    return here().environment.public_url + reverse("storefront:callback")


def _failed(request: HttpRequest, why: str) -> HttpResponse:
    logger.info("a sign-in was not completed: %s", why)
    return show(request, "sign_in_failed", status=400)
