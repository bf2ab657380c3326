"""Sessions, refresh tokens and passwords: stolen, planted, guessed, and asked about."""

import statistics
import time
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import requests

from tests.acceptance.abuse.browser import Browser, from_elsewhere, sign_in_form
from tests.acceptance.abuse.grants import Grant, answered, refused
from tests.acceptance.running_shop import RunningShop

Open = Callable[[], Browser]


@pytest.fixture
def account(shop: RunningShop) -> tuple[str, str]:
    """Somebody new, and the password; a test that locks the account out disturbs no other."""
    name, secret = f"dora-{uuid.uuid4().hex[:10]}", uuid.uuid4().hex
    register(shop, name, secret)
    return name, secret


def register(shop: RunningShop, name: str, secret: str) -> None:
    form = {"username": name, "email": f"{name}@shop.example", "password": secret}
    answer = shop.call("POST", "/api/v1/users/", user=None, by=from_elsewhere(), json=form)
    assert answer.status_code == 201, answer.text


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
    browser: Open, password: str, planted: str
) -> None:
    """Session fixation, at the storefront and at the provider."""
    attacker = browser()
    attacker.get("/basket/")
    page = attacker.follow(attacker.get("/auth/sign-in/"))
    attacker.send(
        "POST", "/basket/add/", data={**attacker.csrf(), "sku": "TL-101", "quantity": "1"}
    )
    assert sign_in_form(page)
    sessions = [each.name for each in attacker.http.cookies if "session" in each.name]
    assert sessions, "no session was begun: nothing could be planted"
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


def guess(browser: Browser, name: str, secret: str) -> requests.Response:
    return browser.enter(name, secret, browser.get("/o/sign-in/"))


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


# ── who has an account ────────────────────────────────────────────────────────────────────────

ONCE = (
    "date",
    "expires",
    "x-request-id",
    "set-cookie",
    "x-envoy-upstream-service-time",
    "content-length",
)


def told(answer: requests.Response, *given: str) -> Any:
    """What an answer says, apart from what was typed in and what differs each time."""
    page = answer.text
    for text in given:
        page = page.replace(text, "…")
    lines = [line for line in page.splitlines() if "csrf" not in line.lower()]
    headers = {n.lower(): v for n, v in answer.headers.items() if n.lower() not in ONCE}
    cookies = sorted(each.name for each in answer.cookies)
    return answer.status_code, headers, cookies, lines


def test_a_wrong_password_and_an_unknown_name_look_the_same(
    browser: Open, account: tuple[str, str]
) -> None:
    nobody = f"nobody-{uuid.uuid4().hex[:8]}"
    known = guess(browser(), account[0], "wrong-password-1")
    unknown = guess(browser(), nobody, "wrong-password-1")
    assert told(known, account[0]) == told(unknown, nobody)


def test_a_wrong_password_and_an_unknown_name_take_the_same_time(
    shop: RunningShop, browser: Open
) -> None:
    """Within a factor of two: hashing takes a third of a second, and not hashing a hundredth.

    Each try is for an account of its own and each name is tried once, so that no limit joins in.
    """
    names = [f"known-{uuid.uuid4().hex[:8]}" for _ in range(5)]
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
        unknown.append(seconds(f"nobody-{uuid.uuid4().hex[:8]}"))
    ratio = statistics.median(known) / statistics.median(unknown)
    assert 0.5 < ratio < 2, (known, unknown)


def test_registering_does_not_tell_who_has_an_account_by_this_address(
    shop: RunningShop, account: tuple[str, str]
) -> None:
    """A name has to be free, as it is shown; that an address is known, is nobody's business."""

    def register_with(owner: str) -> tuple[int, dict[str, str]]:
        name = f"eve-{uuid.uuid4().hex[:10]}"
        # Not as it is stored, so that an answer shows whether something was.
        email = f"{owner.title()}@SHOP.example"
        form = {"username": name, "email": email, "password": uuid.uuid4().hex}
        answer = shop.call("POST", "/api/v1/users/", user=None, by=from_elsewhere(), json=form)
        said = answer.json()
        assert uuid.UUID(said.pop("id"))
        assert said.pop("username") == name
        return answer.status_code, {key: said[key].replace(owner, "…") for key in said}

    taken = register_with(account[0])
    free = register_with(f"dora-{uuid.uuid4().hex[:10]}")
    assert taken == free == (201, {"email": "…@shop.example"})
