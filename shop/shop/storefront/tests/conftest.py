"""A browser that signs in for real: the provider lives in the same process, as in the monolith."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.conf import settings
from django.test import Client
from django.utils.crypto import get_random_string

from ramet.identity.settings import configure
from ramet.placement import here
from shop.products.models import Product
from shop.storefront.sign_in import provider
from shop.users import services
from shop.users.demo import register_storefront
from shop.users.models import User

PASSWORD = "correct horse battery"


class Browser(Client):
    """Django's test client, at the shop's public address, with CSRF checked."""

    def __init__(self) -> None:
        host = urlsplit(here().environment.public_url)
        super().__init__(enforce_csrf_checks=True, HTTP_HOST=host.netloc)

    def send(self, path: str, form: dict[str, Any], **headers: str) -> Any:
        """POST a form as a page of this site would."""
        if settings.CSRF_COOKIE_NAME not in self.cookies:
            self.cookies[settings.CSRF_COOKIE_NAME] = get_random_string(32)
        token = self.cookies[settings.CSRF_COOKIE_NAME].value
        return self.post(path, {**form, "csrfmiddlewaretoken": token}, headers=headers)

    def begin_sign_in(self, username: str, following: str = "/") -> str:
        """Go as far as the provider sends the browser back; return the callback's address."""
        answer = self.get("/auth/sign-in/", {"next": following})
        assert answer.status_code == 302, answer.content
        answer = self.get(answer["location"])
        assert "/o/sign-in/" in answer["location"]
        page = self.get(answer["location"])
        answer = self.post(
            answer["location"],
            {
                "username": username,
                "password": PASSWORD,
                "next": page.context["redirect_field_value"],
                "csrfmiddlewaretoken": page.context["csrf_token"],
            },
        )
        assert answer.status_code == 302, answer.content
        answer = self.get(answer["location"])
        assert answer.status_code == 302, answer.content
        return str(answer["location"])

    def sign_in(self, username: str, following: str = "/") -> Any:
        """Sign in; returns the callback's answer."""
        return self.get(self.begin_sign_in(username, following))


@pytest.fixture(autouse=True)
def _issuer() -> None:
    """Not keys of the tests' own: the provider itself signs here, with its own."""
    configure(None)


@pytest.fixture(autouse=True)
def _fresh_discovery(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(provider, "_discovered", None)


@pytest.fixture
def product(db: None) -> Callable[..., Product]:
    """`product("SPADE", stock=3, price="12.50")`."""

    def add(sku: str, *, stock: int = 100, price: str = "10.00", **fields: Any) -> Product:
        fields = {"name": f"A {sku}", "category": "Tools", "description": "", **fields}
        return Product.objects.create(sku=sku, stock=stock, price=Decimal(price), **fields)

    return add


@pytest.fixture
def browser(db: None) -> Browser:
    """Somebody's browser, not signed in."""
    register_storefront(here().environment.public_url)
    return Browser()


@pytest.fixture
def customer(db: None) -> Callable[[str], User]:
    """`customer("carol")` has an account."""

    def add(name: str) -> User:
        user = User.objects.create_user(name, f"{name}@shop.example", PASSWORD)
        services.confirm_address(user)
        return user

    return add


@pytest.fixture
def carol(browser: Browser, customer: Callable[[str], User]) -> Browser:
    """The browser of carol, who has signed in."""
    customer("carol")
    browser.sign_in("carol")
    return browser
