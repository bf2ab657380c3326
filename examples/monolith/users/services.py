"""What people do with their accounts."""

from django.db import transaction

from orders.models import Order
from products.models import Review
from users import letters
from users.models import Address, Letter, User


@transaction.atomic
def register(username, email, password):
    """A new account; a welcome letter follows."""
    user = User.objects.create_user(username=username, email=email, password=password)
    letters.owe(Letter.Kind.WELCOME, user)
    return user


@transaction.atomic
def add_address(user, **fields):
    """A new address, which is the default one if there was none."""
    address = Address.objects.create(user=user, **fields)
    if user.profile.default_address is None:
        user.profile.default_address = address
        user.profile.save(update_fields=["default_address", "changed_at"])
    return address


@transaction.atomic
def close_account(user):
    """Forget somebody: nothing that is open stays open, and reviews lose their author's words."""
    from orders import services as orders  # orders.services imports users

    for order in Order.objects.open().filter(customer=user):
        orders.cancel(order, by=user, reason=Order.Reason.BY_CUSTOMER)
    Review.objects.filter(user=user).update(text="")
    Address.objects.filter(user=user, orders=None).delete()
    Address.objects.filter(user=user).update(is_retired=True)
    user.username = f"closed-{user.pk}"
    user.email = f"{user.pk}@closed.invalid"
    user.is_active = False
    user.set_unusable_password()
    user.save()
