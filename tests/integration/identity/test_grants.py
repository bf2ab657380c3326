"""What is good once is good once, for whom it was made, also when two ask at the same moment."""

import base64
import hashlib
import secrets
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.integration.identity.papers import Answer, Papers

DEVICE = "urn:ietf:params:oauth:grant-type:device_code"


def sql(papers: Papers, statement: str, *values: str) -> list[tuple[Any, ...]]:
    with sqlite3.connect(papers.folder / "accounts.sqlite3", timeout=10) as connection:
        return connection.execute(statement, values).fetchall()


# ── refresh tokens ────────────────────────────────────────────────────────────────────────────────


def test_of_two_refreshes_at_once_one_is_answered_and_the_family_ends(papers: Papers) -> None:
    """One of the two may be a thief. The toolkit alone answers both, one with empty tokens."""
    answered = 0
    for _ in range(5):
        granted = papers.sign_in("alice")
        with ThreadPoolExecutor(4) as pool:
            answers = list(pool.map(papers.refresh, [granted["refresh_token"]] * 4))
        good = [answer.json() for answer in answers if answer.status == 200]
        bad = [answer for answer in answers if answer.status != 200]
        # None, where the replay was noticed before the first answer had left.
        assert len(good) <= 1
        answered += len(good)
        assert all(answer.json()["error"] == "invalid_grant" for answer in bad)
        for tokens in good:
            assert tokens["access_token"]
            assert tokens["refresh_token"]
            assert papers.refresh(tokens["refresh_token"]).status == 400
    assert answered


def test_a_replay_ends_the_tokens_of_the_whole_chain_and_no_other(papers: Papers) -> None:
    other = papers.sign_in("alice")
    first = papers.sign_in("alice")
    second = papers.refresh(first["refresh_token"]).json()
    third = papers.refresh(second["refresh_token"]).json()
    assert papers.refresh(first["refresh_token"]).status == 400
    for token in (second, third):
        assert papers.refresh(token["refresh_token"]).status == 400
    assert papers.get("/o/userinfo/", token=third["access_token"]).status == 401
    assert papers.get("/o/userinfo/", token=other["access_token"]).status == 200


def test_a_refresh_token_is_its_clients_own(papers: Papers) -> None:
    granted = papers.sign_in("alice")
    form = {"grant_type": "refresh_token", "refresh_token": granted["refresh_token"]}
    assert papers.post("/o/token/", {**form, "client_id": "loopback"}).status == 400


# ── codes ─────────────────────────────────────────────────────────────────────────────────────────


def challenge(verifier: str) -> str:
    digest = hashlib.sha256(verifier.encode()).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


@pytest.fixture
def code(papers: Papers) -> dict[str, str]:
    """A form that gets tokens for a fresh code of alice."""
    verifier = secrets.token_urlsafe(48)
    said = papers.authorize("alice", code_challenge=challenge(verifier))
    return {
        "grant_type": "authorization_code",
        "code": said["code"],
        "redirect_uri": "http://localhost/cb",
        "client_id": "web",
        "code_verifier": verifier,
    }


def test_a_code_is_good_once(papers: Papers, code: dict[str, str]) -> None:
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _: papers.post("/o/token/", code), range(4)))
    good = [answer.json() for answer in answers if answer.status == 200]
    bad = [answer for answer in answers if answer.status != 200]
    # None, where it was noticed before the first answer had left.
    assert len(good) <= 1
    assert {answer.json()["error"] for answer in bad} == {"invalid_grant"}
    assert {answer.headers["Content-Type"] for answer in bad} == {"application/json"}
    # One of the four may be a thief, and nobody knows which.
    assert all(papers.refresh(tokens["refresh_token"]).status == 400 for tokens in good)
    assert papers.post("/o/token/", code).status == 400


@pytest.mark.parametrize(
    "change",
    [
        {"code_verifier": "x" * 64},
        {"code_verifier": ""},
        {"client_id": "loopback"},
        {"redirect_uri": "http://localhost/cb/"},
        {"code": "another"},
    ],
)
def test_a_stolen_code_is_worth_nothing(
    papers: Papers, code: dict[str, str], change: dict[str, str]
) -> None:
    form = {name: value for name, value in {**code, **change}.items() if value}
    answer = papers.post("/o/token/", form)
    assert answer.status in (400, 401)
    assert "access_token" not in answer.json()


def test_a_plain_challenge_is_no_challenge(papers: Papers) -> None:
    """RFC 9700, section 2.1.1: a downgrade gives no code, so nothing to inject."""
    for change in ({"code_challenge_method": "plain"}, {"code_challenge_method": None}):
        said = papers.authorize("alice", code_challenge="v" * 43, **change)
        assert "code" not in said
        assert said["error"] == "invalid_request"
        assert said["iss"] == papers.issuer


# ── where answers go ──────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "address",
    [
        "http://localhost/cb/",
        "http://localhost/cbx",
        "http://localhost/c",
        "http://localhost/cb/../evil",
        "http://localhost/cb/%2e%2e/evil",
        "http://localhost/cb?x=1",
        "http://localhost/cb?",
        "http://localhost/cb#x",
        "http://localhost/%63b",
        "http://localhost:80/cb",
        "http://localhost:8080/cb",
        "http://localhost.evil.example/cb",
        "http://localhost@evil.example/cb",
        "http://user@localhost/cb",
        "http://evil.example/http://localhost/cb",
        "http://localhost\\@evil.example/cb",
        "https://localhost/cb",
        "//localhost/cb",
        "/cb",
        "javascript:alert(1)",
        "http://127.0.0.1/cb",
    ],
)
def test_an_address_that_is_not_the_registered_one_gets_nothing(
    papers: Papers, address: str
) -> None:
    said = papers.authorize("alice", code_challenge="a" * 43, redirect_uri=address)
    assert said == {"status": "400"}


def test_a_loopback_address_may_have_any_port_and_nothing_else(papers: Papers) -> None:
    """RFC 8252, section 7.3."""

    def asked(address: str) -> dict[str, str]:
        wanted = {"client_id": "loopback", "redirect_uri": address}
        return papers.authorize("alice", code_challenge="a" * 43, scope="openid", **wanted)

    for port in ("", ":1", ":65535"):
        assert "code" in asked(f"http://127.0.0.1{port}/cb")
    for other in ("http://127.0.0.1/c", "http://127.0.0.2/cb"):
        assert asked(other) == {"status": "400"}
    assert asked("http://127.0.0.1:1@evil.example/cb") == {"status": "400"}
    assert asked("https://127.0.0.1/cb") == {"status": "400"}


def test_the_page_names_the_address_that_is_wrong(papers: Papers) -> None:
    cookie = papers.get("/o/sign-in/?name=alice").headers["Set-Cookie"].partition(";")[0]
    query = "response_type=code&client_id=web&redirect_uri=http%3A%2F%2Fevil.example%2F"
    body = papers.get(f"/o/authorize/?{query}", Cookie=cookie).body.decode()
    assert "The redirect_uri http://evil.example/ is not registered for the client web." in body
    body = papers.get(f"/o/authorize/?{query}%3Cb%3E", Cookie=cookie).body.decode()
    assert "The redirect_uri http://evil.example/&lt;b&gt; is no absolute URI." in body


def test_an_error_names_its_issuer_whatever_the_address_looks_like(papers: Papers) -> None:
    said = papers.authorize(
        "alice",
        client_id="queried",
        redirect_uri="http://localhost/cb?dismiss=1",
        code_challenge="a" * 43,
        scope="everything",
    )
    assert (said["error"], said["iss"], said["dismiss"]) == ("invalid_scope", papers.issuer, "1")


def test_a_scope_that_nobody_defines_is_named(papers: Papers) -> None:
    said = papers.authorize("alice", code_challenge="a" * 43, scope="openid everything")
    assert said["error"] == "invalid_scope"
    assert said["error_description"].startswith("No such scope: everything. There are: email, ")
    assert said["state"] == "s"
    answer = papers.post(
        "/o/token/",
        {"grant_type": "client_credentials", "scope": 'all "of" it'},
        client=("program", "secret"),
    )
    assert answer.status == 400
    assert "No such scope: all, ?of?, it." in answer.json()["error_description"]


# ── programs ──────────────────────────────────────────────────────────────────────────────────────


def test_a_program_without_a_secret_gets_nothing_for_itself(papers: Papers) -> None:
    form = {"grant_type": "client_credentials", "client_id": "public-program"}
    for more in ({}, {"client_secret": ""}, {"client_secret": "x"}):
        answer = papers.post("/o/token/", {**form, **more})
        assert answer.status in (400, 401)
        assert "access_token" not in answer.json()


# ── devices ───────────────────────────────────────────────────────────────────────────────────────


def begin(papers: Papers, client: str = "tv", scope: str = "openid profile") -> dict[str, Any]:
    answer = papers.post("/o/device_authorization/", {"client_id": client, "scope": scope})
    assert answer.status == 200, answer.body
    assert answer.headers["Cache-Control"] == "no-store"
    return dict(answer.json())


def poll(papers: Papers, begun: dict[str, Any], client: str = "tv") -> Answer:
    form = {"grant_type": DEVICE, "client_id": client, "device_code": begun["device_code"]}
    return papers.post("/o/token/", form)


def let(papers: Papers, begun: dict[str, Any], name: str, action: str) -> None:
    """Have somebody decide on the pages."""
    cookie = papers.get(f"/o/sign-in/?name={name}").headers["Set-Cookie"].partition(";")[0]
    typed = papers.post("/o/device/", {"user_code": begun["user_code"].lower()}, cookie=cookie)
    assert typed.status == 302, typed.body
    decided = papers.post(typed.headers["Location"], {"action": action}, cookie=cookie)
    assert decided.status == 302


def patient(papers: Papers, begun: dict[str, Any]) -> None:
    """Have the last poll be long ago."""
    statement = "UPDATE oauth2_provider_devicegrant SET last_checked = '2020-01-01' "
    sql(papers, f"{statement} WHERE device_code = ?", begun["device_code"])


def test_a_device_waits_gets_its_tokens_once_and_refreshes_them(papers: Papers) -> None:
    begun = begin(papers)
    assert begun["verification_uri"] == f"{papers.issuer}/device/"
    assert begun["verification_uri_complete"].endswith(f"?user_code={begun['user_code']}")
    patient(papers, begun)
    assert poll(papers, begun).json()["error"] == "authorization_pending"
    assert poll(papers, begun).json()["error"] == "slow_down"
    let(papers, begun, "alice", "accept")
    with ThreadPoolExecutor(3) as pool:
        answers = list(pool.map(lambda _: poll(papers, begun), range(3)))
    assert sorted(answer.status for answer in answers) == [200, 400, 400]
    granted = next(answer.json() for answer in answers if answer.status == 200)
    assert granted["scope"] == "openid profile"
    assert papers.get("/notes/", token=granted["access_token"]).json()["name"] == "alice"
    assert poll(papers, begun).json()["error"] == "invalid_grant"
    form = {"grant_type": "refresh_token", "refresh_token": granted["refresh_token"]}
    assert papers.post("/o/token/", {**form, "client_id": "tv"}).status == 200


def test_a_device_that_was_denied_is_told(papers: Papers) -> None:
    begun = begin(papers)
    let(papers, begun, "alice", "deny")
    assert poll(papers, begun).json()["error"] == "access_denied"


def test_the_code_of_a_device_is_not_another_ones(papers: Papers) -> None:
    begun = begin(papers)
    let(papers, begun, "alice", "accept")
    stolen = poll(papers, begun, client="radio")
    assert (stolen.status, stolen.json()["error"]) == (400, "invalid_grant")
    assert poll(papers, begun).status == 200


def test_a_code_that_has_expired_is_worth_nothing(papers: Papers) -> None:
    begun = begin(papers)
    let(papers, begun, "alice", "accept")
    statement = "UPDATE oauth2_provider_devicegrant SET expires = '2020-01-01' WHERE "
    sql(papers, f"{statement} device_code = ?", begun["device_code"])
    assert poll(papers, begun).json()["error"] == "expired_token"


def test_a_device_gets_no_more_than_the_person_has(papers: Papers) -> None:
    begun = begin(papers, scope="openid notes:write")
    let(papers, begun, "alice", "accept")
    assert poll(papers, begun).json()["scope"] == "openid"


@pytest.mark.parametrize(
    ("form", "error"),
    [
        ({"client_id": "web"}, "unauthorized_client"),
        ({"client_id": "nobody"}, "invalid_request"),
        ({"client_id": "tv", "scope": "everything"}, "invalid_scope"),
        ({}, "invalid_request"),
    ],
)
def test_a_device_that_asks_wrongly_is_told(
    papers: Papers, form: dict[str, str], error: str
) -> None:
    answer = papers.post("/o/device_authorization/", form)
    assert answer.status in (400, 401)
    assert answer.json()["error"].startswith(error)


@pytest.mark.parametrize("form", [{}, {"device_code": "x"}, {"device_code": "x" * 5000}])
def test_a_device_code_that_is_none_is_refused(papers: Papers, form: dict[str, str]) -> None:
    answer = papers.post("/o/token/", {"grant_type": DEVICE, "client_id": "tv", **form})
    assert answer.status == 400
    assert answer.json()["error"] in ("invalid_grant", "invalid_request")


# ── asking about tokens ───────────────────────────────────────────────────────────────────────────


def test_a_program_with_the_right_learns_what_a_token_is_good_for(papers: Papers) -> None:
    granted = papers.sign_in("alice")
    ask = {"token": granted["access_token"]}
    said = papers.post("/o/introspect/", ask, client=("program", "secret")).json()
    assert said["active"] is True
    assert (said["username"], said["client_id"]) == ("alice", "web")
    assert (said["iss"], said["aud"]) == (papers.issuer, "papers")
    assert said["scope"] == granted["scope"]
    revoked = {"token": granted["access_token"], "client_id": "web"}
    assert papers.post("/o/revoke_token/", revoked).status == 200
    said = papers.post("/o/introspect/", ask, client=("program", "secret")).json()
    assert said == {"active": False}


@pytest.mark.parametrize("token", ["x", "a.b.c"])
def test_about_what_is_no_token_it_says_only_that(papers: Papers, token: str) -> None:
    answer = papers.post("/o/introspect/", {"token": token}, client=("program", "secret"))
    assert answer.json() == {"active": False}


@pytest.mark.parametrize(
    ("client", "more", "status"),
    [
        (None, {}, 401),
        (("program", "wrong"), {}, 401),
        (("web", ""), {}, 401),
        (None, {"client_id": "web"}, 401),
        (None, {"client_id": "web", "client_secret": ""}, 401),
        (None, {"client_id": "public-program", "client_secret": ""}, 401),
        (("program-of-alice", "secret"), {}, 403),
    ],
)
def test_nobody_else_learns_anything(
    papers: Papers, client: tuple[str, str] | None, more: dict[str, str], status: int
) -> None:
    token = papers.sign_in("alice")["access_token"]
    answer = papers.post("/o/introspect/", {"token": token, **more}, client=client)
    assert answer.status == status
    assert "active" not in answer.json()


def test_a_token_may_not_ask_and_no_token_is_taken_from_an_address(papers: Papers) -> None:
    token = papers.sign_in("alice")["access_token"]
    assert papers.post("/o/introspect/", {"token": token}, token=token).status == 401
    assert papers.get(f"/o/introspect/?token={token}").status == 405
