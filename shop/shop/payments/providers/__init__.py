"""Payment providers: one folder each, found by its name. To add one, copy `stripe`.

A provider's module has `PROVIDER`, an object with the methods of `Provider`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Protocol
from uuid import UUID

from shop.money import Money

NAMES = ("sandbox", "stripe")


@dataclass(frozen=True, slots=True)
class Authorisation:
    """What a provider is asked to hold. `attempt` counts from 1, over crashes and restarts."""

    payment_id: UUID
    order_id: UUID
    amount: Money
    token: str
    attempt: int


class MalformedNotice(Exception):
    """A webhook came from the provider and cannot be read."""


@dataclass(frozen=True, slots=True)
class Notice:
    """What a provider told by webhook. `is_reversal`: the customer has the money back."""

    id: str
    type: str
    reference: str
    is_reversal: bool

    def __post_init__(self) -> None:
        # It will be stored; no database keeps NUL or half a surrogate pair.
        for text, most in ((self.id, 200), (self.type, 100), (self.reference, 200)):
            if len(text) > most or not text.isprintable():
                raise MalformedNotice(f"expected up to {most} printable characters")
        if not self.id:
            raise MalformedNotice("expected an id")


class BadSignature(Exception):
    """A webhook did not come from the provider, or came too late to be believed."""


class Provider(Protocol):
    """What a provider does. Each deed is harmless to repeat with the same payment or key.

    All raise `ramet.Unavailable` when the provider cannot be reached or fails, and then a
    repetition may succeed. `reference` is the provider's own name for the payment.
    """

    def open(self, authorisation: Authorisation) -> str:
        """The reference, new or the same again. Nothing is held by this.

        A step of its own, so that the shop knows what to void before there is money to let go of:
        the answer to `authorise` may be lost, or whoever waits for it may be killed.
        """

    def authorise(self, reference: str, authorisation: Authorisation) -> None:
        """Hold the money. Raises Declined."""

    def void(self, reference: str, *, key: str) -> None:
        """Let go of it, if it is held; an authorisation that comes later holds nothing."""

    def capture(self, reference: str, amount: Money, *, key: str) -> None:
        """Take it."""

    def refund(self, reference: str, amount: Money, *, key: str) -> None:
        """Give it back."""

    def read_notice(self, headers: Mapping[str, str], body: bytes) -> Notice:
        """A webhook that is proved to be the provider's. Raises BadSignature, MalformedNotice."""


def provider(name: str) -> Provider:
    """The provider of this name. KeyError: there is none."""
    if name not in NAMES:
        raise KeyError(name)
    found: Provider = import_module(f"{__name__}.{name}").PROVIDER
    return found
