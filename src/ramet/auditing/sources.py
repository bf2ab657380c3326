"""What Ramet writes down besides changes: operators' deeds, refusals of calls, sign-ins, tokens."""

from __future__ import annotations

from typing import Any

from django.apps import apps

from ramet.auditing.options import options
from ramet.auditing.recording import write
from ramet.auditing.work import work
from ramet.telemetry import deeds

__all__ = ["connect"]

_OF_REFUSALS = frozenset({"refused"})


def connect() -> None:
    """Listen to whatever is installed in this process."""
    deeds.listen(_done)
    if apps.is_installed("django.contrib.auth"):
        from django.contrib.auth.signals import user_logged_in, user_logged_out

        user_logged_in.connect(_signed_in, dispatch_uid="ramet.auditing")
        user_logged_out.connect(_signed_out, dispatch_uid="ramet.auditing")
    if apps.is_installed("oauth2_provider"):
        from oauth2_provider.signals import app_authorized

        app_authorized.connect(_token_issued, dispatch_uid="ramet.auditing")


def _done(action: str, subject: object, facts: dict[str, Any]) -> None:
    if action not in _OF_REFUSALS or options().refusals:
        write(work(), action, subject, facts)


def _signed_in(user: Any, **_: Any) -> None:
    write(work(), "signed-in", user.pk, {})


def _signed_out(user: Any, **_: Any) -> None:
    if user is not None:  # the session had ended already
        write(work(), "signed-out", user.pk, {})


def _token_issued(token: Any, **_: Any) -> None:
    """To which application, for whom and for what: never the token."""
    facts = {"client": token.application_id and str(token.application.client_id)}
    write(work(), "token-issued", token.user_id or "", facts | {"scope": token.scope})
