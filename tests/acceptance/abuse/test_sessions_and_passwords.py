"""Sessions, refresh tokens and passwords: stolen, planted and guessed."""

import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.acceptance.abuse.accounts import guess
from tests.acceptance.abuse.browser import Browser, sign_in_form
from tests.acceptance.abuse.grants import Grant, answered, refused
from tests.acceptance.running_shop import RunningShop

Open = Callable[[], Browser]


# ── refresh tokens ────────────────────────────────────────────────────────────────────────────


def test_a_refresh_token_that_comes_back_ends_its_whole_family(
    browser: Open, password: str
) -> None:
    """RFC 9700, 4.14.2: nobody knows which of the two is the thief."""
    grant = Grant(browser().sign_in("bob", password))
    first = grant.tokens()["refresh_token"]
    second = grant.refresh(first).json()["refresh_token"]
    third = grant.refresh(second).json()["refresh_token"]
    assert len({first, second, third}) == 3
    assert refused(grant.refresh(first))
    assert refused(grant.refresh(third)), "the family outlived the reuse of its first token"
    assert refused(grant.refresh(second))


def test_another_sign_in_of_the_same_person_is_not_ended_with_it(
    browser: Open, password: str
) -> None:
    grant = Grant(browser().sign_in("bob", password))
    stolen, other = grant.tokens()["refresh_token"], grant.tokens()["refresh_token"]
    grant.refresh(stolen)
    assert refused(grant.refresh(stolen))
    assert grant.refresh(other).status_code == 200


def test_of_two_at_once_with_one_refresh_token_at_most_one_has_a_family_left(
    browser: Open, password: str
) -> None:
    grant = Grant(browser().sign_in("bob", password))
    token = grant.tokens()["refresh_token"]
    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(grant.refresh, [token] * 6))
    assert all(answer.status_code in {200, 400, 401} for answer in answers)
    gained = [answer.json()["refresh_token"] for answer in answers if answer.status_code == 200]
    assert len(gained) <= 1
    assert all(refused(grant.refresh(token)) for _ in range(2))


# ── planted and stolen cookies ────────────────────────────────────────────────────────────────


def copied(cookies: Any, to: Browser) -> Browser:
    to.http.cookies.update(cookies)
    return to


def knows_who_it_is(browser: Browser) -> bool:
    """Whether the storefront, or the provider, takes this browser for somebody."""
    return "code" in answered(Grant(browser).ask(prompt="none")) or browser.is_signed_in()


@pytest.mark.parametrize("planted", ["of the attacker", "made up"])
def test_a_cookie_from_before_the_sign_in_is_worth_nothing_after_it(
    shop: RunningShop, browser: Open, account: tuple[str, str], password: str, planted: str
) -> None:
    """Session fixation, at the storefront and at the provider."""
    attacker = browser()
    attacker.get("/basket/")
    page = attacker.follow(attacker.get("/auth/sign-in/"))
    attacker.send(
        "POST", "/basket/add/", data={**attacker.csrf(), "sku": "TL-101", "quantity": "1"}
    )
    assert sign_in_form(page)
    guess(attacker, *account)  # the right password, but the address is to be verified yet
    sessions = [each.name for each in attacker.http.cookies if "session" in each.name]
    kinds = {"services": ["sessionid_storefront", "sessionid_users"], "monolith": ["sessionid"]}
    assert sorted(sessions) == kinds[shop.placement], "not every session could be planted"
    if planted == "made up":
        for each in attacker.http.cookies:
            each.value = "x" * 32 if each.name in sessions else each.value
    victim = copied(attacker.http.cookies, browser())
    before = {name: victim.cookie(name) for name in sessions}
    victim.sign_in("bob", password)
    assert all(victim.cookie(name) != before[name] for name in sessions)
    assert not knows_who_it_is(attacker)


def test_a_cookie_from_before_the_sign_out_is_worth_nothing_after_it(
    browser: Open, password: str
) -> None:
    own = browser().sign_in("bob", password)
    thief = copied(own.http.cookies, browser())
    assert knows_who_it_is(thief)
    answer = own.send("POST", "/auth/sign-out/", data=own.csrf())
    own.follow(answer)
    assert not knows_who_it_is(own)
    assert not thief.is_signed_in()
    assert "code" not in answered(Grant(thief).ask(prompt="none"))


def test_cookies_are_for_this_site_and_not_for_its_scripts(
    shop: RunningShop, browser: Open, password: str
) -> None:
    own = browser().sign_in("bob", password)
    names = {each.name for each in own.http.cookies}
    assert names
    for each in own.http.cookies:
        assert each.has_nonstandard_attr("HttpOnly"), each.name
        assert each.get_nonstandard_attr("SameSite") in {"Lax", "Strict"}, each.name
        assert not each.domain_specified, each.name
        assert each.secure == shop.url.startswith("https:"), each.name


# ── guessing ──────────────────────────────────────────────────────────────────────────────────


def test_guessing_a_password_is_slowed_down(
    browser: Open, account: tuple[str, str], password: str
) -> None:
    name, secret = account
    last = None
    for _ in range(30):
        last = guess(browser(), name, uuid.uuid4().hex)
        if last.status_code == 429:
            break
    else:
        pytest.fail(f"30 wrong passwords in a row were looked at, the last: {last}")
    # Nor does the right one tell, now, that it was.
    assert guess(browser(), name, secret).status_code == 429
    # A browser with other cookies, or an address of its own making, is not somebody else.
    own = browser()
    own.http.headers["X-Forwarded-For"] = "203.0.113.7"
    assert guess(own, name, secret).status_code == 429
    # Whom nobody tries to guess signs in as ever.
    assert browser().sign_in("bob", password)
