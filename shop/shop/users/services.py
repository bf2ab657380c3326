"""What users does."""

from typing import Any
from uuid import UUID

from allauth.account.models import EmailAddress
from django.db import transaction
from django.db.models.signals import post_delete, pre_delete
from django.dispatch import receiver

import ramet
from shop.pagination import export_page
from shop.users import contract, letters
from shop.users.events import UserNamed, UserRemoved
from shop.users.models import Letter, User

NAMES = frozenset({"username", "first_name", "last_name"})
"""What the name to show is made of."""


@transaction.atomic
def register(username: str, email: str, password: str) -> User:
    """A new account; a welcome letter follows. IntegrityError if name or address is taken."""
    user = create(username=username, email=email, password=password)
    ramet.audit("account.opened", subject=user.pk)
    letters.owe(Letter.Kind.WELCOME, user, user.pk, {})
    return user


def confirm_address(user: User) -> None:
    """Note that somebody's address is their own, without asking: for people whom we make."""
    EmailAddress.objects.update_or_create(
        user=user, email=user.email, defaults={"verified": True, "primary": True}
    )


@transaction.atomic
def create(**fields: Any) -> User:
    """A new account, of which the others are told. IntegrityError if name or address is taken."""
    user = User.objects.create_user(**fields)
    ramet.publish(_as_event(user))
    return user


@transaction.atomic
def change_profile(user: User, fields: dict[str, Any]) -> User:
    """Change what people may change about themselves."""
    # Locked and read again: two changes at once must not have the same version.
    user = User.objects.select_for_update().get(pk=user.pk)
    for name, value in fields.items():
        setattr(user, name, value)
    is_told = not NAMES.isdisjoint(fields)
    user.version += is_told
    user.save(update_fields=[*fields, "version"])
    # What was changed, not from what or to what: the log keeps things longer than an account.
    ramet.audit("profile.changed", subject=user.pk, fields=sorted(fields))
    if is_told:
        ramet.publish(_as_event(user))
    return user


def close_account(username: str) -> bool:
    """Delete an account with all that belongs to it; False if there is none of that name."""
    user = User.objects.filter(username=username).first()
    if user is not None:
        user.delete()
    return user is not None


@receiver(pre_delete, sender=User)
def _lock_before_removal(instance: User, **_: Any) -> None:
    # Whoever deletes may have read it before others changed it: their versions must be lower.
    locked = User.objects.select_for_update().filter(pk=instance.pk)
    # None: somebody else has deleted it just now, and has told so.
    instance.version = locked.values_list("version", flat=True).first() or instance.version


@receiver(post_delete, sender=User)
def _tell_of_removal(instance: User, **_: Any) -> None:
    # However it is deleted; Django does so in a transaction.
    ramet.audit("account.closed", subject=instance.pk)
    ramet.publish(UserRemoved(user_id=instance.pk, version=instance.version + 1))


def _as_event(user: User) -> UserNamed:
    return UserNamed(user_id=user.pk, name=_name(user), version=user.version)


def _name(user: User) -> str:
    return user.get_full_name() or user.get_username()


@transaction.atomic
def confirm_order(customer_id: UUID, order_id: UUID, total: str) -> None:
    """Owe the customer a confirmation. An account that is gone gets no letter."""
    user = User.objects.filter(pk=customer_id).first()
    if user is not None:
        context = {"order_id": str(order_id), "total": total}
        letters.owe(Letter.Kind.CONFIRMATION, user, order_id, context)


@ramet.implements(contract.Users)
class Register:
    """The contract."""

    def export(self, cursor: str = "") -> contract.UserExport:
        try:
            users, following = export_page(User.objects.all(), cursor)
        except ValueError:
            raise contract.UnknownCursor(cursor=cursor) from None
        return contract.UserExport(
            rows=[
                contract.ExportedUser(user_id=user.pk, name=_name(user), version=user.version)
                for user in users
            ],
            next_cursor=following,
        )
