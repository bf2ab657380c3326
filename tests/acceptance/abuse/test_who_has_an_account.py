"""Who has an account: no page, no answer and no mail tells it to somebody else.

Whoever asks in a known and in an unknown name gets the same status, headers, cookies and pages.
"""

import re
import statistics
import time
import uuid
from collections.abc import Callable
from email import message_from_bytes, policy
from typing import Any

import pytest
import requests

from tests.acceptance.abuse.accounts import guess, made_up, register
from tests.acceptance.abuse.browser import Browser, forms, from_elsewhere
from tests.acceptance.abuse.grants import Grant
from tests.acceptance.running_shop import RunningShop
from tests.conftest import eventually

Open = Callable[[], Browser]

ONCE = {"date", "expires", "x-request-id", "set-cookie", "x-envoy-upstream-service-time"}


def told(answer: requests.Response, *given: str) -> Any:
    """What an answer says, apart from what was typed in and what differs each time."""

    def plain(text: str) -> str:
        for typed in given:
            text = text.replace(typed, "…")
        return re.sub(r"(?<=csrfmiddlewaretoken. value=.)\w+", "", text)

    headers = {n.lower(): plain(v) for n, v in answer.headers.items() if n.lower() not in ONCE}
    cookies = sorted(
        (each.name, len(each.value or ""), each.path, each.secure, sorted(each._rest))
        for each in answer.cookies
    )
    return answer.status_code, headers, cookies, plain(answer.text)


def sent(own: Browser, address: str, **values: str) -> list[requests.Response]:
    """What comes of a page's form with these values: the answer, and the page it leads to."""
    page = own.get(address)
    (form,) = (each for each in forms(page) if values.keys() <= each.values.keys())
    answer = own.submit(page, form, **values)
    return [answer, own.follow(answer)]


def mails(shop: RunningShop) -> list[tuple[str, str]]:
    """To whom, and what, of each mail that was sent."""
    read = [
        message_from_bytes(file.read_bytes(), policy=policy.default)
        for file in (shop.folder / ".ramet" / "mail").iterdir()
    ]
    return [(mail["To"], mail.get_content()) for mail in read if mail["To"]]


def mailed(shop: RunningShop, address: str, saying: str) -> bool:
    return any(to == address and saying in text for to, text in mails(shop))


# ── signing in ────────────────────────────────────────────────────────────────────────────────


def test_a_wrong_password_and_an_unknown_name_look_the_same(
    browser: Open, account: tuple[str, str]
) -> None:
    nobody = made_up("dora")
    known = guess(browser(), account[0], "wrong-password-1")
    unknown = guess(browser(), nobody, "wrong-password-1")
    assert known.status_code == 200
    assert told(known, account[0]) == told(unknown, nobody)


def test_a_wrong_password_and_an_unknown_name_take_the_same_time(
    shop: RunningShop, browser: Open
) -> None:
    """Within a factor of two: hashing takes a third of a second, and not hashing a hundredth.

    Each try is for an account of its own and each name is tried once, so that no limit joins in.
    """
    names = [made_up("known") for _ in range(5)]
    for name in names:
        register(shop, name, uuid.uuid4().hex)

    def seconds(name: str) -> float:
        own = browser()
        page = own.follow(own.get("/auth/sign-in/"))
        begun = time.perf_counter()
        assert own.enter(name, "wrong-password-1", page).status_code != 429
        return time.perf_counter() - begun

    known, unknown = [], []
    for name in names:  # by turns, so that a busy moment meets both
        known.append(seconds(name))
        unknown.append(seconds(made_up("nobody")))
    ratio = statistics.median(known) / statistics.median(unknown)
    assert 0.5 < ratio < 2, (known, unknown)


@pytest.mark.parametrize("changed", [{}, {"prompt": "none"}, {"prompt": "login"}])
def test_a_hint_at_who_shall_sign_in_is_answered_the_same_for_everybody(
    browser: Open, account: tuple[str, str], changed: dict[str, str]
) -> None:
    """OpenID Connect Core 1.0, section 3.1.2.1: `login_hint`, before anybody has signed in."""
    grant = Grant(browser())
    nobody = made_up("dora")
    answers = []
    for name in (account[0], nobody):
        answer = grant.ask(login_hint=name, **changed)
        answers.append([told(answer, name), told(grant.browser.get("/o/sign-in/"), name)])
    assert answers[0] == answers[1]


def test_asking_for_a_device_tells_of_nobody(shop: RunningShop, account: tuple[str, str]) -> None:
    def ask(name: str) -> tuple[int, Any]:
        form = {"client_id": "storefront", "scope": "openid", "login_hint": name, "username": name}
        answer = shop.call(
            "POST", "/o/device_authorization/", user=None, by=from_elsewhere(), data=form
        )
        codes = {"device_code", "user_code", "verification_uri_complete"}
        said = answer.json()
        return answer.status_code, {key: said[key] for key in said.keys() - codes}

    known, unknown = ask(account[0]), ask(made_up("dora"))
    assert known == unknown
    assert known[0] < 500


# ── signing up ────────────────────────────────────────────────────────────────────────────────


def test_signing_up_with_an_address_that_has_an_account_looks_as_any_other(
    shop: RunningShop, browser: Open, account: tuple[str, str]
) -> None:
    def sign_up(owner: str) -> list[Any]:
        name = made_up("eve")
        typed = {"username": name, "email": f"{owner.title()}@SHOP.example"}
        answers = sent(browser(), "/o/sign-up/", **typed, password1=uuid.uuid4().hex)
        stored = typed["email"].lower()
        return [told(answer, name, typed["email"], stored) for answer in answers]

    nobody = made_up("dora")
    taken, free = sign_up(account[0]), sign_up(nobody)
    assert taken == free
    assert [taken[0][0], taken[1][0]] == [302, 200]
    owner, stranger = f"{account[0]}@shop.example", f"{nobody}@shop.example"
    eventually(
        lambda: mailed(shop, owner, "already exists") and mailed(shop, stranger, "/confirm-email/"),
        within=30,
        what="what the owner, and the newcomer, are told",
    )
    assert {to for to, text in mails(shop) if account[0] in text} <= {owner}


def test_registering_does_not_tell_who_has_an_account_by_this_address(
    shop: RunningShop, account: tuple[str, str]
) -> None:
    """A name has to be free, as it is shown; that an address is known, is nobody's business."""

    def register_with(owner: str) -> tuple[int, dict[str, str]]:
        name = made_up("eve")
        # Not as it is stored, so that an answer shows whether something was.
        email = f"{owner.title()}@SHOP.example"
        form = {"username": name, "email": email, "password": uuid.uuid4().hex}
        answer = shop.call("POST", "/api/v1/users/", user=None, by=from_elsewhere(), json=form)
        said = answer.json()
        assert uuid.UUID(said.pop("id"))
        assert said.pop("username") == name
        return answer.status_code, {key: said[key].replace(owner, "…") for key in said}

    taken = register_with(account[0])
    free = register_with(made_up("dora"))
    assert taken == free == (201, {"email": "…@shop.example"})


# ── forgotten passwords ───────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("spelling", [str, str.upper], ids=["as it is stored", "in capitals"])
def test_a_forgotten_password_is_answered_the_same_for_everybody(
    shop: RunningShop,
    browser: Open,
    account: tuple[str, str],
    spelling: Callable[[str], str],
) -> None:
    def ask(name: str) -> list[Any]:
        email = f"{name}@shop.example"
        answers = sent(browser(), "/o/reset-password/", email=spelling(email))
        return [told(answer, spelling(email), email) for answer in answers]

    nobody = made_up("dora")
    known, unknown = ask(account[0]), ask(nobody)
    assert known == unknown
    assert [known[0][0], known[1][0]] == [302, 200]
    owner, stranger = f"{account[0]}@shop.example", f"{nobody}@shop.example"
    link = "/o/reset-password/"
    eventually(
        lambda: mailed(shop, owner, link) and mailed(shop, stranger, "do not have any record"),
        within=30,
        what="what the owner, and the stranger, are told",
    )
    assert not mailed(shop, stranger, link)
    assert {to for to, text in mails(shop) if account[0] in text} <= {owner}
