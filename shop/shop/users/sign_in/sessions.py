"""When sessions change their key."""

from typing import Any

from allauth.account.signals import authentication_step_completed
from django.dispatch import receiver
from django.http import HttpRequest


@receiver(authentication_step_completed)
def _new_key_after_step_up(request: HttpRequest, **details: Any) -> None:
    # Signing in has Django make one; confirming who one is, before something dangerous, has not.
    if details.get("reauthenticated"):
        request.session.cycle_key()
