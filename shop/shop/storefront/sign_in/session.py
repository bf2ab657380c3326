"""Who is signed in at this browser, with an access token that is still good."""

import logging
import time
from datetime import UTC, datetime

from django.http import HttpRequest

from ..models import REFRESH_AHEAD, SignIn
from . import provider
from .back_channel import TIMEOUT_SECONDS, ProviderUnavailable
from .provider import NotGranted, Tokens

logger = logging.getLogger(__name__)

_SESSION_KEY = "storefront.sign_in"


def current(request: HttpRequest) -> SignIn | None:
    """This browser's sign-in, its tokens refreshed where they are about to end.

    Raises ProviderUnavailable only where the access token has ended and no new one can be had.
    """
    pk = request.session.get(_SESSION_KEY)
    signed_in = SignIn.objects.filter(pk=pk).first() if pk else None
    if signed_in is None or not _ends_within(signed_in, REFRESH_AHEAD.total_seconds()):
        return signed_in
    return _refreshed(signed_in)


def begin(request: HttpRequest, tokens: Tokens, subject: str, username: str) -> SignIn:
    """Remember who signed in, under a new session key: one planted before is worth nothing."""
    SignIn.forget_old()
    end(request)
    signed_in = SignIn.objects.create(
        subject=subject,
        username=username,
        access_token=tokens.access_token,
        refresh_token=tokens.refresh_token,
        id_token=tokens.id_token,
        expires_at=tokens.expires_at,
    )
    request.session.cycle_key()
    request.session[_SESSION_KEY] = str(signed_in.pk)
    return signed_in


def end(request: HttpRequest) -> SignIn | None:
    """Forget the sign-in and return what was known of it; the basket stays."""
    pk = request.session.pop(_SESSION_KEY, None)
    signed_in = SignIn.objects.filter(pk=pk).first() if pk else None
    if signed_in is not None:
        # By the key, so that the object keeps its own for whoever revokes its tokens.
        SignIn.objects.filter(pk=signed_in.pk).delete()
    return signed_in


def _refreshed(signed_in: SignIn) -> SignIn | None:
    if not signed_in.refresh_token:
        return None if _ends_within(signed_in, 0) else signed_in
    if not signed_in.claim_refresh():
        return signed_in if not _ends_within(signed_in, 0) else _awaited(signed_in)
    try:
        tokens = provider.refresh(signed_in.refresh_token)
    except NotGranted as refusal:
        logger.info("sign-in of %s has ended: %s", signed_in.username, refusal)
        SignIn.objects.filter(pk=signed_in.pk).delete()
        return None
    except ProviderUnavailable:
        SignIn.objects.filter(pk=signed_in.pk).update(refreshing_until=None)
        if _ends_within(signed_in, 0):
            raise
        return signed_in
    signed_in.access_token = tokens.access_token
    signed_in.refresh_token = tokens.refresh_token or signed_in.refresh_token
    signed_in.id_token = tokens.id_token or signed_in.id_token
    signed_in.expires_at = tokens.expires_at
    signed_in.refreshing_until = None
    # Only an update: a sign-out that came meanwhile must not be undone by creating the row anew.
    SignIn.objects.filter(pk=signed_in.pk).update(
        access_token=signed_in.access_token,
        refresh_token=signed_in.refresh_token,
        id_token=signed_in.id_token,
        expires_at=signed_in.expires_at,
        refreshing_until=None,
    )
    return signed_in


def _awaited(old: SignIn) -> SignIn | None:
    """The sign-in once the request that holds the lease has refreshed it."""
    deadline = time.monotonic() + TIMEOUT_SECONDS
    while time.monotonic() < deadline:
        now = SignIn.objects.filter(pk=old.pk).first()
        if now is None or not _ends_within(now, 0):
            return now
        time.sleep(0.05)
    raise ProviderUnavailable("another request is refreshing the access token and has not ended")


def _ends_within(signed_in: SignIn, seconds: float) -> bool:
    return (signed_in.expires_at - datetime.now(UTC)).total_seconds() <= seconds
