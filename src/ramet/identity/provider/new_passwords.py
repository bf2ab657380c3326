"""A new password ends what clients hold: a thief may have signed in under the old one.

At the model, so that it does not matter who sets it: a page, the admin, `manage.py changepassword`,
a script. Django ends the sessions by itself, as they are bound to the same hash. What writes to the
table without saving a user, such as `QuerySet.update()`, is not seen.
"""

from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.auth.base_user import AbstractBaseUser
from django.db.models.signals import post_save, pre_save
from oauth2_provider.models import get_device_grant_model, get_grant_model, get_refresh_token_model

__all__ = ["end_tokens_with_passwords"]

_IS_NEW = "_ramet_has_a_new_password"


def end_tokens_with_passwords() -> None:
    """From now on, in this process, saving a user with another password hash ends the user's codes
    and refresh tokens, and the access tokens that came with these."""
    user = get_user_model()
    if issubclass(user, AbstractBaseUser):
        pre_save.connect(_compare, sender=user, dispatch_uid="ramet.identity.compare")
        post_save.connect(_end, sender=user, dispatch_uid="ramet.identity.end")


def _compare(
    sender: type[AbstractBaseUser],
    instance: AbstractBaseUser,
    using: str,
    update_fields: frozenset[str] | None,
    **_: Any,
) -> None:
    # Every sign-in saves last_login: that asks for nothing here.
    if instance._state.adding or (update_fields is not None and "password" not in update_fields):
        return
    stored = sender._base_manager.using(using).filter(pk=instance.pk)
    before = stored.values_list("password", flat=True).first()
    setattr(instance, _IS_NEW, before != instance.password)


def _end(instance: AbstractBaseUser, **_: Any) -> None:
    # After the save: before it, somebody could still sign in with the old password.
    if not instance.__dict__.pop(_IS_NEW, False):
        return
    for codes in (get_grant_model(), get_device_grant_model()):
        codes.objects.filter(user=instance).delete()
    live = get_refresh_token_model().objects.filter(user=instance, revoked=None)
    # Until there is none: a refresh that is under way puts a new one in the place of what we see.
    while found := list(live.all()):
        for token in found:
            token.revoke()
