"""When sessions, and what clients were given in them, change or end."""

from typing import Any

from allauth.account.signals import (
    authentication_step_completed,
    password_changed,
    password_reset,
    password_set,
)
from django.dispatch import receiver
from django.http import HttpRequest
from oauth2_provider.models import (
    get_device_grant_model,
    get_grant_model,
    get_refresh_token_model,
)

from shop.users.models import User


@receiver(authentication_step_completed)
def _new_key_after_step_up(request: HttpRequest, **details: Any) -> None:
    # Signing in has Django make one; confirming who one is, before something dangerous, has not.
    if details.get("reauthenticated"):
        request.session.cycle_key()


@receiver([password_set, password_changed, password_reset])
def _end_what_clients_hold(user: User, **_: Any) -> None:
    """End it with the old password, under which a thief may have signed in.

    Django ends the other sessions here. Access tokens stay good for their few minutes.
    """
    for codes in (get_grant_model(), get_device_grant_model()):
        codes.objects.filter(user=user).delete()
    live = get_refresh_token_model().objects.filter(user=user, revoked=None)
    # Until there is none: a refresh that is under way puts a new one in the place of what we see.
    while found := list(live.all()):
        for token in found:
            token.revoke()
