"""The authorization code flow attacked from outside: RFC 9700 section 4, against the real provider.

Bob is signed in at the provider, as a victim is whom an attacker sends there by a link.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode, urljoin, urlsplit

import pytest
import requests

from tests.acceptance.abuse.browser import REDIRECTS, Browser
from tests.acceptance.abuse.grants import Grant, answered, refused
from tests.acceptance.running_shop import RunningShop

EVIL = "https://evil.example/"


@pytest.fixture(scope="module")
def victim(shop: RunningShop) -> Browser:
    return Browser(shop.url)


@pytest.fixture
def bob(victim: Browser, password: str) -> Browser:
    """His browser, signed in (again, where an attack before has signed him out)."""
    return victim.sign_in("bob", password)


@pytest.fixture
def grant(bob: Browser) -> Grant:
    return Grant(bob)


@dataclass(frozen=True)
class Mallory:
    """A client that is registered by somebody else."""

    public: str
    confidential: str
    secret: str
    callback: str = "https://mallory.example/callback"


@pytest.fixture(scope="module")
def mallory(shop: RunningShop) -> Iterator[Mallory]:
    """Two clients of an attacker, registered as any other."""
    code = """
from oauth2_provider.models import Application
from shop.users.models import User
owner = User.objects.get(username="bob")
for kind in ("public", "confidential"):
    Application.objects.update_or_create(client_id=f"mallory-{kind}", defaults=dict(
        name="Mallory", user=owner, client_type=kind, client_secret="mallorys-own-secret",
        authorization_grant_type="authorization-code", skip_authorization=True,
        algorithm="RS256", redirect_uris="https://mallory.example/callback"))
"""
    shop.ramet("manage", "users", "--", "shell", "--verbosity", "0", "--command", code)
    return Mallory("mallory-public", "mallory-confidential", "mallorys-own-secret")


def leads_to(answer: requests.Response) -> str:
    return urljoin(answer.url, answer.headers.get("location", "")) if is_away(answer) else ""


def is_away(answer: requests.Response) -> bool:
    return answer.status_code in REDIRECTS


# ── where the code goes ───────────────────────────────────────────────────────────────────────


def variants(callback: str) -> dict[str, str | None]:
    """Spellings of a redirect address that is nearly the registered one (RFC 9700, 4.1)."""
    parts = urlsplit(callback)
    host, port = parts.hostname, parts.port
    return {
        "another site": EVIL,
        "another site with ours in the path": f"https://evil.example/{callback}",
        "another site with ours in the query": f"https://evil.example/?{callback}",
        "ours as user of another": f"http://{host}:{port}@evil.example/auth/callback/",
        "ours as user and password": f"http://{host}:{port}%40evil.example/auth/callback/",
        "ours as subdomain": f"http://{host}.evil.example:{port}/auth/callback/",
        "other port": f"http://{host}:1/auth/callback/",
        "no port": f"http://{host}/auth/callback/",
        "the same host by number": f"http://127.0.0.1:{port}/auth/callback/",
        "host in capitals with a dot": f"http://{host}.:{port}/auth/callback/",
        "https": callback.replace("http:", "https:"),
        "no scheme": callback.removeprefix("http:"),
        "a script": f"javascript:alert(1)//{callback}",
        "data": "data:text/html,<script>alert(1)</script>",
        "a path below": f"{callback}x",
        "a path above": callback.removesuffix("callback/"),
        "without its slash": callback.rstrip("/"),
        "dots": f"{callback}../../basket/",
        "encoded dots": f"{callback}%2e%2e/%2e%2e/basket/",
        "encoded slash": callback.replace("/auth/", "/auth%2f"),
        "backslash": f"http://evil.example\\@{host}:{port}/auth/callback/",
        "another query": f"{callback}?next={EVIL}",
        "a fragment": f"{callback}#x",
        "a wildcard": callback.replace("callback", "*"),
        "two of them": f"{callback} {EVIL}",
        "a line more": f"{callback}\r\nLocation: {EVIL}",
        "a NUL": f"{callback}\0",
        "a tab": f"{callback}\t",
        "none": None,
        "empty": "",
        "unicode host": f"http://{host}\u3002evil.example:{port}/auth/callback/",
    }


NAMES = list(variants("http://localhost:1/auth/callback/"))


@pytest.mark.parametrize("name", NAMES)
def test_no_code_goes_where_the_client_did_not_register(grant: Grant, name: str) -> None:
    address = variants(grant.callback)[name]
    answer = grant.ask(redirect_uri=address)
    target = leads_to(answer)
    if name == "none" and target:
        # A client with one address may leave it out (RFC 6749, 3.1.2.3): then it is that one.
        assert target.startswith(f"{grant.callback}?")
        return
    assert not target, f"{answer.status_code} to {target}"
    assert answer.status_code == 400
    assert "evil.example" not in re.sub(r"&\w+;|%\w\w", "", links(answer.text))


def links(page: str) -> str:
    """Where the links and forms of a page lead."""
    return " ".join(re.findall(r"""(?:href|src|action|content)\s*=\s*["']?([^"'>]+)""", page))


def test_of_two_redirect_addresses_none_is_chosen(grant: Grant) -> None:
    for addresses in ((EVIL, grant.callback), (grant.callback, EVIL)):
        query = [each for each in grant.asked().items() if each[0] != "redirect_uri"]
        query += [("redirect_uri", each) for each in addresses]
        answer = grant.browser.get(f"/o/authorize/?{urlencode(query)}")
        assert "evil.example" not in leads_to(answer)
        assert "code" not in answered(answer)


@pytest.mark.parametrize("name", ["unknown", "", None, "storefront\0", "STOREFRONT", "' OR 1=1 --"])
def test_an_unknown_client_is_sent_nowhere(grant: Grant, name: str | None) -> None:
    answer = grant.ask(client_id=name)
    assert not is_away(answer)
    assert answer.status_code == 400


@pytest.mark.parametrize(
    "kind",
    [
        "token",
        "id_token",
        "id_token token",
        "code token",
        "code id_token",
        "none",
        "",
        "CODE",
        None,
    ],
)
def test_only_codes_are_given(grant: Grant, kind: str | None) -> None:
    answer = grant.ask(response_type=kind)
    said = leads_to(answer)
    for secret in ("access_token=", "id_token=", "code="):
        assert secret not in said, said
    assert not is_away(answer) or said.startswith(grant.callback)


@pytest.mark.parametrize("mode", ["fragment", "form_post", "web_message", "query.jwt", "evil"])
def test_no_response_mode_takes_the_code_to_where_scripts_read_it(grant: Grant, mode: str) -> None:
    answer = grant.ask(response_mode=mode)
    assert "#" not in leads_to(answer)
    assert answer.status_code in REDIRECTS | {400}
    assert "code=" not in answer.text


def test_a_request_object_is_not_read(grant: Grant, bob: Browser) -> None:
    """RFC 9101: what it says would win over the parameters."""
    header_and_claims = (
        "eyJhbGciOiJub25lIn0.eyJyZWRpcmVjdF91cmkiOiJodHRwczovL2V2aWwuZXhhbXBsZS8ifQ."
    )
    for extra in ({"request": header_and_claims}, {"request_uri": f"{EVIL}request"}):
        answer = bob.get("/o/authorize/", params={**grant.asked(), **extra})
        assert "evil.example" not in leads_to(answer)


# ── what a request must have ──────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "changed",
    [
        {"code_challenge": None, "code_challenge_method": None},
        {"code_challenge": None},
        {"code_challenge": ""},
        {"code_challenge_method": "plain"},
        {"code_challenge_method": None},  # means plain (RFC 7636, 4.3)
        {"code_challenge_method": "s256"},
        {"code_challenge_method": "none"},
        {"code_challenge_method": ""},
    ],
    ids=str,
)
def test_without_a_proof_key_that_proves_there_is_no_code(
    grant: Grant, changed: dict[str, str | None]
) -> None:
    answer = grant.ask(**changed)
    assert "code" not in answered(answer), leads_to(answer)
    assert answer.status_code == 400 or answered(answer)["error"] == "invalid_request"


def test_prompt_none_gives_nobody_a_code(shop: RunningShop, browser: Callable[[], Browser]) -> None:
    answer = Grant(browser()).ask(prompt="none")
    assert answered(answer)["error"] in {"login_required", "interaction_required"}
    assert "code" not in answered(answer)


@pytest.mark.parametrize("prompt", ["login", "none login", "login none", "consent login"])
def test_a_prompt_for_signing_in_is_not_got_around(grant: Grant, prompt: str) -> None:
    answer = grant.ask(prompt=prompt)
    assert "code" not in answered(answer)


def test_state_and_issuer_come_back_as_they_are(shop: RunningShop, grant: Grant) -> None:
    said = answered(grant.ask())
    assert said["state"] == grant.state
    assert said["iss"] == shop.get("/o/.well-known/openid-configuration", user=None)["issuer"]


@pytest.mark.parametrize("state", ["x\r\nSet-Cookie: a=b", "<script>", "x" * 2000, "\ud7ff&code=1"])
def test_a_state_is_carried_and_never_read(grant: Grant, state: str) -> None:
    answer = grant.ask(state=state)
    assert answer.status_code in REDIRECTS | {400}
    if is_away(answer):
        assert answered(answer).get("state") == state
        assert "\n" not in answer.headers["location"]
        assert answer.headers["location"].count("code=") == 1


def test_the_host_that_a_client_claims_is_in_no_address(shop: RunningShop) -> None:
    for name in ("Host", "X-Forwarded-Host", "X-Host", "Forwarded"):
        value = "host=evil.example" if name == "Forwarded" else "evil.example"
        for path in (
            "/o/.well-known/openid-configuration",
            "/.well-known/oauth-authorization-server/o",
            "/auth/sign-in/",
            "/o/sign-in/",
        ):
            answer = shop.call("GET", path, user=None, headers={name: value})
            assert answer.status_code < 500
            assert "evil.example" not in answer.text + str(answer.headers), f"{name} at {path}"


# ── what a code is worth ──────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "changed",
    [
        {"code_verifier": None},
        {"code_verifier": ""},
        {"code_verifier": "x" * 64},
        {"redirect_uri": EVIL},
        {"client_id": None},
        {"client_id": "nobody"},
        {"grant_type": "password"},
        {"grant_type": "implicit"},
        {"grant_type": "refresh_token"},
        {"grant_type": "client_credentials"},
    ],
    ids=str,
)
def test_a_stolen_code_is_worth_nothing(grant: Grant, changed: dict[str, str | None]) -> None:
    assert refused(grant.exchange(grant.code(), **changed))


def test_the_challenge_is_no_verifier(grant: Grant) -> None:
    assert refused(grant.exchange(grant.code(), code_verifier=grant.challenge))


def test_a_code_of_another_request_does_not_fit(grant: Grant, bob: Browser) -> None:
    assert refused(Grant(bob).exchange(grant.code()))


def test_a_code_is_good_once_and_its_replay_ends_what_it_gave(grant: Grant) -> None:
    """RFC 6749, 4.1.2, and RFC 9700, 4.5: whoever comes second may be the thief, or the victim."""
    code = grant.code()
    first = grant.exchange(code)
    assert first.status_code == 200
    assert refused(grant.exchange(code))
    assert refused(grant.refresh(first.json()["refresh_token"]))


def test_a_code_is_no_other_clients(grant: Grant, mallory: Mallory) -> None:
    for form in (
        {"client_id": mallory.public},
        {"client_id": mallory.confidential, "client_secret": mallory.secret},
    ):
        assert refused(grant.exchange(grant.code(), **form))


def test_a_code_for_another_client_is_not_taken_by_the_storefronts(
    bob: Browser, mallory: Mallory
) -> None:
    """Mallory has bob sign in at his own client, and brings that code to the storefront's."""
    his = Grant(bob, client=mallory.public, callback=mallory.callback)
    assert refused(his.exchange(his.code(), client_id="storefront"))


def test_a_confidential_client_proves_itself(bob: Browser, mallory: Mallory) -> None:
    his = Grant(bob, client=mallory.confidential, callback=mallory.callback)
    for secret in (None, "", "guessed"):
        assert refused(his.exchange(his.code(), client_secret=secret))
    assert his.exchange(his.code(), client_secret=mallory.secret).status_code == 200


def test_no_token_stands_for_another(shop: RunningShop, grant: Grant) -> None:
    """ID token, refresh token and code are no access tokens, and the other way round."""
    code = grant.code()
    tokens = grant.exchange(code).json()
    for wrong in (tokens["id_token"], tokens["refresh_token"], code):
        for path in ("/api/v1/orders/", "/o/userinfo/"):
            bearer = {"Authorization": f"Bearer {wrong}"}
            assert shop.call("GET", path, user=None, headers=bearer).status_code == 401
    for wrong in (tokens["access_token"], tokens["id_token"], code):
        assert refused(grant.refresh(wrong))


def test_a_token_in_the_address_is_not_taken(shop: RunningShop, grant: Grant) -> None:
    """RFC 9700, 4.3.2: it would end in logs and histories."""
    token = grant.tokens()["access_token"]
    for path in ("/api/v1/orders/", "/o/userinfo/"):
        answer = shop.call("GET", path, user=None, params={"access_token": token})
        assert answer.status_code == 401


def test_nobody_may_ask_about_tokens_or_end_those_of_others(
    shop: RunningShop, grant: Grant, mallory: Mallory
) -> None:
    tokens = grant.tokens()
    clients: list[dict[str, Any]] = [
        {},
        {"client_id": "storefront"},
        {"client_id": mallory.public},
        {"client_id": mallory.confidential, "client_secret": mallory.secret},
    ]
    for client in clients:
        for name in ("access_token", "refresh_token"):
            form = {"token": tokens[name], **client}
            told = shop.call("POST", "/o/introspect/", user=None, data=form)
            assert '"active": true' not in told.text, f"{client} was told of a {name}"
            if client.get("client_id") != "storefront":
                shop.call("POST", "/o/revoke_token/", user=None, data=form)
    assert grant.refresh(tokens["refresh_token"]).status_code == 200, "somebody ended it"


@pytest.mark.parametrize("scope", ["products:write", "openid products:write", "admin", "*"])
def test_bob_gets_no_scope_that_is_not_his(shop: RunningShop, grant: Grant, scope: str) -> None:
    answer = grant.ask(scope=scope)
    if "code" not in answered(answer):
        assert answered(answer)["error"] == "invalid_scope"
        return
    token = grant.exchange(answered(answer)["code"]).json()["access_token"]
    sku = shop.with_stock(1)
    bearer = {"Authorization": f"Bearer {token}"}
    answer = shop.call(
        "PATCH", f"/api/v1/products/{sku}/", user=None, json={"stock": 9}, headers=bearer
    )
    assert answer.status_code == 403


def test_a_refresh_gets_no_scope_more(shop: RunningShop, grant: Grant) -> None:
    tokens = grant.tokens(scope="openid")
    assert refused(grant.refresh(tokens["refresh_token"], scope="openid profile products:write"))


# ── after signing in and out ──────────────────────────────────────────────────────────────────

ELSEWHERE = [
    EVIL,
    "//evil.example/",
    "///evil.example/",
    "/\\evil.example/",
    "\\\\evil.example/",
    "/\t/evil.example/",
    "/%09/evil.example/",
    "http:evil.example/",
    "http:///evil.example/",
    "https:/evil.example/",
    " https://evil.example/",
    "\u2028https://evil.example/",
    "javascript:alert(1)",
    "data:text/html,x",
    "//localhost@evil.example/",
    "http://localhost:8000.evil.example/",
    "/\r\nLocation: https://evil.example/",
    "//evil.example/%2f..",
    "/.evil.example",
    "@evil.example",
    "x" * 5000,
]


def stays(browser: Browser, answer: requests.Response) -> bool:
    """Whether whoever gets this answer is still in the shop, as browsers read addresses."""
    location = answer.headers.get("location", "")
    as_browsers_do = re.sub(r"[\t\r\n]", "", location.strip()).replace("\\", "/")
    return browser.is_own(urljoin(answer.url, as_browsers_do)) and "evil.example/" not in (
        urlsplit(urljoin(answer.url, as_browsers_do)).netloc
    )


@pytest.mark.parametrize("elsewhere", ELSEWHERE)
def test_signing_in_leads_into_the_shop(
    browser: Callable[[], Browser], bob: Browser, password: str, elsewhere: str
) -> None:
    """Both sign-ins, that of the storefront and that of the provider; signed in or not."""
    own = browser()
    at_storefront = own.get("/auth/sign-in/", params={"next": elsewhere})
    assert stays(own, own.follow(at_storefront))
    assert stays(bob, bob.get("/auth/sign-in/", params={"next": elsewhere}))
    assert stays(bob, bob.get("/o/sign-in/", params={"next": elsewhere}))


@pytest.mark.parametrize("elsewhere", ELSEWHERE)
def test_a_basket_form_leads_into_the_shop(bob: Browser, elsewhere: str) -> None:
    form = {**bob.csrf(), "sku": "TL-101", "quantity": "1", "next": elsewhere}
    answer = bob.send("POST", "/basket/add/", data=form)
    assert answer.status_code in {302, 400}
    assert stays(bob, answer)


def test_after_filling_in_the_page_too(browser: Callable[[], Browser], password: str) -> None:
    for elsewhere in ELSEWHERE[:4]:
        own = browser()
        page = own.follow(own.get("/auth/sign-in/", params={"next": elsewhere}))
        assert stays(own, own.follow(own.enter("bob", password, page)))
    for elsewhere in ELSEWHERE[:4]:
        own = browser()
        page = own.follow(own.get("/o/sign-in/", params={"next": elsewhere}))
        assert stays(own, own.enter("bob", password, page))


@pytest.mark.parametrize(
    "elsewhere",
    [
        EVIL,
        "//evil.example/",
        "javascript:alert(1)",
        "{shop}/.evil.example/",
        "{shop}@evil.example/",
        "{shop}/?x=https://evil.example/",
        "{shop}",
        "{shop}/basket/",
    ],
)
def test_signing_out_leads_to_registered_places(
    shop: RunningShop, browser: Callable[[], Browser], password: str, elsewhere: str
) -> None:
    own = browser().sign_in("bob", password)
    hint = Grant(own).tokens()["id_token"]
    wanted = elsewhere.format(shop=shop.url)
    asks: list[dict[str, str]] = [
        {},
        {"client_id": "storefront"},
        {"id_token_hint": hint},
        {"id_token_hint": hint, "client_id": "storefront"},
    ]
    for ask in asks:
        answer = own.get("/o/logout/", params={"post_logout_redirect_uri": wanted, **ask})
        assert not is_away(answer) or leads_to(answer) != wanted
        assert stays(own, answer)
        assert "evil.example" not in links(answer.text)


def test_a_link_signs_nobody_out_without_a_word(bob: Browser) -> None:
    """Without the ID token that only the client has, the page asks first."""
    for address in ("/o/logout/", "/o/logout/?client_id=storefront"):
        bob.get(address)
        answer = Grant(bob).ask(prompt="none")
        assert "code" in answered(answer), "a mere link ended the session"


# ── the storefront as a client ────────────────────────────────────────────────────────────────


def test_nobody_is_signed_in_as_somebody_else_by_a_link(
    bob: Browser, browser: Callable[[], Browser]
) -> None:
    """Login CSRF: mallory's code, sent to a victim who has begun nothing, or something else."""
    victim = browser()
    code = Grant(bob).code()
    iss = answered(Grant(bob).ask())["iss"]
    for state in ("", "guessed", Grant(bob).state):
        answer = victim.get("/auth/callback/", params={"code": code, "state": state, "iss": iss})
        assert answer.status_code == 400
        assert not victim.is_signed_in()


def begun(browser: Browser) -> dict[str, str]:
    """The query of a sign-in that this browser's storefront has begun."""
    return answered(browser.get("/auth/sign-in/"))


def test_a_state_is_one_browsers(bob: Browser, browser: Callable[[], Browser]) -> None:
    """Mallory begins a sign-in himself and sends the answer to the victim."""
    mallory, victim = browser(), browser()
    state = begun(mallory)["state"]
    begun(victim)
    said = answered(Grant(bob).ask(state=state))
    assert victim.get("/auth/callback/", params=said).status_code == 400
    assert not victim.is_signed_in()


def test_a_stolen_code_does_not_fit_into_another_browsers_sign_in(
    bob: Browser, browser: Callable[[], Browser]
) -> None:
    """Code injection: bob's code, under the state of mallory's own sign-in (RFC 9700, 4.5)."""
    mallory = browser()
    own = begun(mallory)
    stolen = answered(Grant(bob).ask())
    answer = mallory.get("/auth/callback/", params={**stolen, "state": own["state"]})
    assert answer.status_code == 400
    assert not mallory.is_signed_in()


def test_not_even_with_the_challenge_of_that_sign_in_but_another_nonce(
    bob: Browser, browser: Callable[[], Browser]
) -> None:
    """Mallory has bob's browser ask with his own challenge: the nonce is bob's client's no more."""
    mallory = browser()
    own = begun(mallory)
    stolen = answered(
        Grant(bob).ask(code_challenge=own["code_challenge"], state=own["state"], nonce="other")
    )
    assert mallory.get("/auth/callback/", params=stolen).status_code == 400
    assert not mallory.is_signed_in()


@pytest.mark.parametrize("issuer", [None, "", EVIL, "http://localhost/o", "{iss}/", "{iss}?"])
def test_an_answer_of_another_provider_is_not_exchanged(
    bob: Browser, browser: Callable[[], Browser], password: str, issuer: str | None
) -> None:
    """Mix-up (RFC 9207): else a code would be sent to the wrong provider."""
    own = browser()
    page = own.follow(own.get("/auth/sign-in/"))
    answer = own.enter("bob", password, page)
    while not answer.headers["location"].startswith(f"{own.url}/auth/callback/"):
        answer = own.get(answer.headers["location"])
    said = answered(answer)
    wrong = None if issuer is None else issuer.format(iss=said["iss"])
    changed = {name: value for name, value in {**said, "iss": wrong}.items() if value is not None}
    assert own.get("/auth/callback/", params=changed).status_code == 400
    assert not own.is_signed_in()


def test_an_answer_is_taken_once(browser: Callable[[], Browser], password: str) -> None:
    own = browser()
    answer = own.enter("bob", password)
    while not answer.headers["location"].startswith(f"{own.url}/auth/callback/"):
        answer = own.get(answer.headers["location"])
    callback = answer.headers["location"]
    assert own.get(callback).status_code == 302
    assert own.get(callback).status_code == 400
    assert browser().get(callback).status_code == 400


def test_a_page_of_another_site_cannot_sign_out_buy_or_cancel(bob: Browser) -> None:
    """CSRF: without the form's token, with a token of another browser, from another origin."""
    other = Browser(bob.url)
    for path in ("/auth/sign-out/", "/basket/add/", "/basket/change/", "/checkout/", "/o/sign-in/"):
        forms: list[tuple[dict[str, str], str]] = [
            ({}, bob.url),
            (other.csrf(path), bob.url),
            (bob.csrf(path), EVIL),
        ]
        for form, origin in forms:
            answer = bob.send("POST", path, data=form, headers={"Origin": origin.rstrip("/")})
            assert answer.status_code == 403, f"{path} from {origin} with {form}"
    assert bob.is_signed_in()
