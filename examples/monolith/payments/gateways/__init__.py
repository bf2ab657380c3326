"""Banks. Which one takes the money is said by the setting PAYMENT_GATEWAY."""

from django.conf import settings
from django.utils.module_loading import import_string


class Declined(Exception):
    """The bank says no."""


def gateway():
    """The bank in use: `charge(token, amount)` gives a reference, `refund(reference, amount)`."""
    return import_string(settings.PAYMENT_GATEWAY)()
