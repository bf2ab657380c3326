"""What users does."""

from typing import Any
from uuid import UUID

from django.db import transaction

from shop.users import letters
from shop.users.models import Letter, User


@transaction.atomic
def register(username: str, email: str, password: str) -> User:
    """A new account; a welcome letter follows. IntegrityError if name or address is taken."""
    user = User.objects.create_user(username=username, email=email, password=password)
    letters.owe(Letter.Kind.WELCOME, user, user.pk, {})
    return user


def change_profile(user: User, fields: dict[str, Any]) -> User:
    """Change what people may change about themselves. IntegrityError if an address is taken."""
    for name, value in fields.items():
        setattr(user, name, value)
    user.save(update_fields=[*fields])
    return user


@transaction.atomic
def confirm_order(customer_id: UUID, order_id: UUID, total: str) -> None:
    """Owe the customer a confirmation. An account that is gone gets no letter."""
    user = User.objects.filter(pk=customer_id).first()
    if user is not None:
        context = {"order_id": str(order_id), "total": total}
        letters.owe(Letter.Kind.CONFIRMATION, user, order_id, context)
