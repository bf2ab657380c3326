"""One running shop for all attacks, two customers, and what belongs to one of them."""

import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import pytest

from tests.acceptance.abuse import inventory
from tests.acceptance.abuse.accounts import made_up, register
from tests.acceptance.abuse.browser import Browser
from tests.acceptance.abuse.inventory import Inventory
from tests.acceptance.running_shop import RunningShop

STRIPE_SECRET = f"whsec_{secrets.token_hex(24)}"


@pytest.fixture(
    scope="package", params=["services", pytest.param("monolith", marks=pytest.mark.slow)]
)
def shop(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RunningShop]:
    """The shop, with an account at Stripe that only its webhooks need."""
    environment = {"SHOP_STRIPE_API_KEY": "unused", "SHOP_STRIPE_WEBHOOK_SECRET": STRIPE_SECRET}
    running = RunningShop(
        tmp_path_factory.mktemp("shop") / "shop", request.param, environment=environment
    )
    with running.running():
        yield running


@pytest.fixture(scope="package")
def taken(shop: RunningShop) -> Inventory:
    """Every route and every column that may hold an address."""
    return inventory.taken_of(shop.folder)


@pytest.fixture(scope="package")
def password(shop: RunningShop) -> str:
    """The demo people's."""
    return shop.demo_password


@pytest.fixture
def browser(shop: RunningShop) -> Callable[[], Browser]:
    """A new browser, with nobody at it."""
    return lambda: Browser(shop.url)


@pytest.fixture
def account(shop: RunningShop) -> tuple[str, str]:
    """Somebody new, and the password."""
    name, secret = made_up("dora"), secrets.token_urlsafe(16)
    register(shop, name, secret)
    return name, secret


@dataclass(frozen=True)
class Belongings:
    """What alice has, and how it would be seen in an answer that others must not get."""

    order: str
    orders: tuple[str, ...]
    user: str
    email: str
    name: str
    secrets: tuple[str, ...] = field(repr=False)

    def seen_in(self, text: str) -> list[str]:
        """What of it stands in an answer to somebody who did not know it."""
        return [mark for mark in (self.email, self.name, *self.secrets) if mark in text]


@pytest.fixture(scope="package")
def alice(shop: RunningShop) -> Belongings:
    """Alice has bought something twice."""
    sku = shop.with_stock(1_000)
    orders = [shop.place((sku, 1)), shop.place((sku, 2), payment_token="tok_declined")]
    settled = [shop.settled(order) for order in orders]
    assert [order["status"] for order in settled] == ["confirmed", "cancelled"]
    profile = shop.get("/api/v1/users/me/")
    name = f"{profile['first_name']} {profile['last_name']}"
    return Belongings(
        order=orders[0],
        orders=tuple(orders),
        user=profile["id"],
        email=profile["email"],
        name=name,
        secrets=(shop.token("alice"),),
    )
