"""Accounts of a test's own: it may lock them out, or flood them, and disturbs no other."""

import uuid

import requests

from tests.acceptance.abuse.browser import Browser, from_elsewhere
from tests.acceptance.running_shop import RunningShop


def register(shop: RunningShop, name: str, secret: str) -> None:
    """Make an account with the address `<name>@shop.example`."""
    form = {"username": name, "email": f"{name}@shop.example", "password": secret}
    answer = shop.call("POST", "/api/v1/users/", user=None, by=from_elsewhere(), json=form)
    assert answer.status_code == 201, answer.text


def made_up(kind: str) -> str:
    """A name that nobody has; those of one kind are equally long."""
    return f"{kind}-{uuid.uuid4().hex[:10]}"


def guess(browser: Browser, name: str, secret: str) -> requests.Response:
    """The answer to a password at the provider's own page."""
    return browser.enter(name, secret, browser.get("/o/sign-in/"))
