"""Signing in by authorization code with PKCE at the real provider, and ways to get around it."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from django.utils import timezone
from oauth2_provider.models import RefreshToken

from shop.storefront.models import SignIn
from shop.storefront.sign_in import provider
from shop.storefront.sign_in.back_channel import Answer, ProviderUnavailable
from shop.storefront.tests.conftest import Browser
from shop.users.models import User

pytestmark = pytest.mark.django_db


def test_a_customer_signs_in_and_comes_back_to_where_she_was(
    browser: Browser, customer: Callable[[str], User]
) -> None:
    customer("carol")
    answer = browser.sign_in("carol", following="/orders/")
    assert answer.status_code == 302
    assert answer["location"] == "/orders/"
    assert b"Signed in as carol" in browser.get("/orders/").content


def test_the_request_asks_for_a_code_and_proves_itself_by_a_challenge(browser: Browser) -> None:
    query = parse_qs(urlsplit(browser.get("/auth/sign-in/")["location"]).query)
    assert query["response_type"] == ["code"]
    assert query["code_challenge_method"] == ["S256"]
    attempt = browser.session["storefront.attempts"][0]
    assert query["state"] == [attempt["state"]]
    assert query["nonce"] == [attempt["nonce"]]
    assert attempt["verifier"] not in str(query)


def test_the_session_has_a_new_key_after_signing_in(
    browser: Browser, customer: Callable[[str], User]
) -> None:
    customer("carol")
    callback = browser.begin_sign_in("carol")
    planted = browser.session.session_key
    browser.get(callback)
    assert browser.session.session_key != planted


def test_what_was_in_the_basket_is_still_there(
    browser: Browser, customer: Callable[[str], User], product: Callable[..., Any]
) -> None:
    product("SPADE")
    customer("carol")
    browser.send("/basket/add/", {"sku": "SPADE", "quantity": "3"})
    browser.sign_in("carol")
    assert browser.get("/basket/").context["basket_count"] == 3


@pytest.mark.parametrize(
    "elsewhere",
    ["https://evil.example/", "//evil.example/", "/\\evil.example", "javascript:alert(1)", ""],
)
def test_nobody_is_sent_to_another_site(
    browser: Browser, customer: Callable[[str], User], elsewhere: str
) -> None:
    customer("carol")
    assert browser.sign_in("carol", following=elsewhere)["location"] == "/"


def refused(browser: Browser, address: str) -> bool:
    answer = browser.get(address)
    return answer.status_code == 400 and not SignIn.objects.exists()


def changed(address: str, **parameters: str) -> str:
    parts = urlsplit(address)
    query = {name: values[0] for name, values in parse_qs(parts.query).items()}
    return f"{parts.path}?{urlencode({**query, **parameters})}"


def test_a_code_that_this_browser_did_not_ask_for_is_refused(
    browser: Browser, customer: Callable[[str], User]
) -> None:
    customer("carol")
    callback = browser.begin_sign_in("carol")
    assert refused(Browser(), callback)
    assert refused(browser, changed(callback, state="another"))


def test_a_code_is_good_once(browser: Browser, customer: Callable[[str], User]) -> None:
    customer("carol")
    callback = browser.begin_sign_in("carol")
    assert browser.get(callback).status_code == 302
    assert browser.get(callback).status_code == 400


def test_an_answer_of_another_issuer_is_refused(
    browser: Browser, customer: Callable[[str], User]
) -> None:
    customer("carol")
    callback = browser.begin_sign_in("carol")
    assert refused(browser, changed(callback, iss="https://evil.example/o"))


def test_an_answer_without_its_issuer_is_refused_as_the_provider_promised_to_name_it(
    browser: Browser, customer: Callable[[str], User]
) -> None:
    customer("carol")
    callback = browser.begin_sign_in("carol")
    assert refused(browser, callback.replace("iss=", "not-iss="))


def test_an_id_token_for_another_attempt_is_refused(
    browser: Browser, customer: Callable[[str], User]
) -> None:
    customer("carol")
    callback = browser.begin_sign_in("carol")
    kept = browser.session
    kept["storefront.attempts"] = [
        {**attempt, "nonce": "another"} for attempt in kept["storefront.attempts"]
    ]
    kept.save()
    assert refused(browser, callback)


def test_a_code_that_the_verifier_does_not_fit_is_refused(
    browser: Browser, customer: Callable[[str], User]
) -> None:
    customer("carol")
    callback = browser.begin_sign_in("carol")
    kept = browser.session
    kept["storefront.attempts"] = [
        {**attempt, "verifier": "x" * 64} for attempt in kept["storefront.attempts"]
    ]
    kept.save()
    assert refused(browser, callback)


def test_a_customer_who_declines_is_told_and_not_signed_in(browser: Browser) -> None:
    state = parse_qs(urlsplit(browser.get("/auth/sign-in/")["location"]).query)["state"][0]
    assert refused(browser, f"/auth/callback/?error=access_denied&state={state}")


def test_a_page_that_needs_a_sign_in_sends_there_first(browser: Browser) -> None:
    answer = browser.get("/orders/?cursor=x")
    assert answer.status_code == 302
    assert answer["location"] == "/auth/sign-in/?next=%2Forders%2F%3Fcursor%3Dx"


def test_a_form_from_a_page_without_a_proper_address_leads_to_the_basket(browser: Browser) -> None:
    answer = browser.send("/checkout/", {}, Referer="http://[")
    assert answer["location"] == "/auth/sign-in/?next=%2Fbasket%2F"


def test_a_provider_that_is_away_is_a_page_503(
    browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: Any) -> Answer:
        raise ProviderUnavailable("away")

    monkeypatch.setattr(provider, "ask", away)
    answer = browser.get("/auth/sign-in/")
    assert answer.status_code == 503
    assert answer["retry-after"]


# ── the access token's five minutes ───────────────────────────────────────────────────────────


def let_it_end(within: float) -> SignIn:
    SignIn.objects.update(expires_at=timezone.now() + timedelta(seconds=within))
    return SignIn.objects.get()


def test_a_token_about_to_end_is_replaced_and_the_old_refresh_token_used_up(
    carol: Browser,
) -> None:
    before = let_it_end(within=30)
    assert carol.get("/orders/").status_code == 200
    after = SignIn.objects.get()
    assert after.access_token != before.access_token
    assert after.refresh_token != before.refresh_token
    assert after.expires_at > timezone.now() + timedelta(minutes=4)
    with pytest.raises(provider.NotGranted):
        provider.refresh(before.refresh_token)


def test_a_fresh_token_is_left_alone(carol: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(provider, "refresh", lambda token: pytest.fail("refreshed"))
    assert carol.get("/orders/").status_code == 200


def test_a_sign_in_that_the_provider_ended_is_over(carol: Browser) -> None:
    RefreshToken.objects.all().delete()
    let_it_end(within=30)
    assert carol.get("/orders/")["location"].startswith("/auth/sign-in/")
    assert not SignIn.objects.exists()


def test_while_the_token_is_good_a_provider_that_is_away_is_not_noticed(
    carol: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(token: str) -> Any:
        raise ProviderUnavailable("away")

    monkeypatch.setattr(provider, "refresh", away)
    let_it_end(within=30)
    assert carol.get("/orders/").status_code == 200
    let_it_end(within=-1)
    assert carol.get("/orders/").status_code == 503
    assert SignIn.objects.exists(), "the sign-in must outlive the provider's absence"


def test_a_token_that_is_no_longer_accepted_leads_to_a_new_sign_in(carol: Browser) -> None:
    SignIn.objects.update(access_token="not.a.token")
    assert carol.get("/orders/")["location"].startswith("/auth/sign-in/")
    assert carol.get("/").status_code == 200


@pytest.mark.django_db(transaction=True)
def test_of_many_requests_at_once_one_refreshes(
    transactional_db: None,
    carol: Browser,
    at_once: Callable[..., list[Any]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[str] = []
    real = provider.refresh

    def counted(token: str) -> Any:
        asked.append(token)
        return real(token)

    monkeypatch.setattr(provider, "refresh", counted)
    let_it_end(within=-1)  # ended: every request has to wait for the new one

    def look(_: int) -> int:
        another = Browser()
        another.cookies = carol.cookies
        return int(another.get("/orders/").status_code)

    assert at_once(look, range(6)) == [200] * 6
    assert len(asked) == 1


@pytest.mark.django_db(transaction=True)
def test_a_refresh_whose_request_died_is_done_by_a_later_one(
    transactional_db: None, carol: Browser
) -> None:
    before = let_it_end(within=-1)
    SignIn.objects.update(refreshing_until=timezone.now() - timedelta(seconds=1))
    assert carol.get("/orders/").status_code == 200
    assert SignIn.objects.get().refresh_token != before.refresh_token


# ── signing out ───────────────────────────────────────────────────────────────────────────────


def test_signing_out_ends_it_here_and_at_the_provider(carol: Browser) -> None:
    before = SignIn.objects.get()
    answer = carol.send("/auth/sign-out/", {})
    assert answer.status_code == 302
    assert not SignIn.objects.exists()
    with pytest.raises(provider.NotGranted):
        provider.refresh(before.refresh_token)
    assert carol.get("/orders/")["location"].startswith("/auth/sign-in/")


def test_signing_out_needs_a_form_of_this_site(carol: Browser) -> None:
    assert carol.post("/auth/sign-out/").status_code == 403
    assert carol.get("/auth/sign-out/").status_code == 405
    assert SignIn.objects.exists()


def test_signing_out_works_while_the_provider_is_away(
    carol: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: Any) -> Any:
        raise ProviderUnavailable("away")

    monkeypatch.setattr(provider, "_discovered", None)
    monkeypatch.setattr(provider, "ask", away)
    assert carol.send("/auth/sign-out/", {})["location"] == "/"
    assert not SignIn.objects.exists()
