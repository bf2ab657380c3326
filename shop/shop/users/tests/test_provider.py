"""The OpenID provider: a storefront's customer signs in with a code and PKCE, and nothing more."""

import base64
import hashlib
import re
from collections.abc import Callable
from datetime import timedelta
from io import StringIO
from typing import Any
from unittest.mock import patch
from urllib.parse import parse_qs, urlsplit

import pytest
from django.contrib.auth.hashers import make_password
from django.core import mail
from django.core.management import call_command
from django.test import Client, TestCase
from django.utils import timezone
from oauth2_provider.models import get_access_token_model, get_device_grant_model

from ramet.identity import verify
from ramet.identity.provider import Validator
from ramet.placement import here
from shop.users import demo, services
from shop.users.models import User

pytestmark = pytest.mark.django_db

VERIFIER = "v" * 64
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=")
PASSWORD = "under-the-apple-tree"
NEW_PASSWORD = {"password1": "beside-the-pear", "password2": "beside-the-pear"}


@pytest.fixture
def callback() -> str:
    url = here().environment.public_url
    demo.register_storefront(url)
    return f"{url}/auth/callback/"


@pytest.fixture
def carol() -> User:
    user = User.objects.create_user("carol", "carol@shop.example", PASSWORD)
    services.confirm_address(user)
    return user


@pytest.fixture
def authorize(callback: str) -> dict[str, str]:
    return {
        "client_id": "storefront",
        "response_type": "code",
        "redirect_uri": callback,
        "scope": "openid profile email",
        "state": "s",
        "nonce": "n",
        "code_challenge": CHALLENGE.decode(),
        "code_challenge_method": "S256",
    }


@pytest.fixture
def form(callback: str, authorize: dict[str, str]) -> Callable[..., dict[str, str]]:
    """Go through the pages as a browser does; what gets tokens then at the token endpoint."""

    def run(client: Client, username: str, **change: str) -> dict[str, str]:
        page = client.get("/o/authorize/", authorize | change)
        assert page.status_code == 302
        assert page["Location"].startswith("/o/sign-in/?next=")
        form = client.get(page["Location"])
        assert b"csrfmiddlewaretoken" in form.content
        answer = client.post(
            page["Location"],
            {
                "username": username,
                "password": PASSWORD,
                "next": form.context["redirect_field_value"],
            },
        )
        answer = client.get(answer["Location"])
        assert answer["Location"].startswith(callback), answer["Location"]
        code = parse_qs(urlsplit(answer["Location"]).query)["code"][0]
        return {
            "grant_type": "authorization_code",
            "client_id": "storefront",
            "code": code,
            "redirect_uri": callback,
            "code_verifier": VERIFIER,
        }

    return run


@pytest.fixture
def sign_in(form: Callable[..., dict[str, str]]) -> Callable[..., Any]:
    """Go through the pages as a browser does; the token endpoint's answer."""

    def run(client: Client, username: str, **change: str) -> Any:
        return client.post("/o/token/", form(client, username, **change))

    return run


def refresh(granted: dict[str, str]) -> int:
    """The status of an answer to a refresh."""
    token = granted["refresh_token"]
    asked = {"grant_type": "refresh_token", "client_id": "storefront", "refresh_token": token}
    return Client().post("/o/token/", asked).status_code


def test_discovery_names_every_endpoint_below_the_issuer(client: Client) -> None:
    document = client.get("/o/.well-known/openid-configuration").json()
    assert document["issuer"] == here().environment.issuer
    for name in ("authorization", "token", "userinfo", "end_session"):
        assert document[f"{name}_endpoint"].startswith(f"{document['issuer']}/")
    assert document["code_challenge_methods_supported"] == ["S256"]
    metadata = client.get("/.well-known/oauth-authorization-server/o").json()
    assert metadata["revocation_endpoint"] == f"{document['issuer']}/revoke_token/"
    assert metadata["introspection_endpoint"] == f"{document['issuer']}/introspect/"
    keys = client.get("/o/.well-known/jwks.json").json()["keys"]
    assert len({key["kid"] for key in keys}) >= 2  # the signing one, and the one that signs next
    for key in keys:
        assert (key["kty"], key["use"]) == ("RSA", "sig")
        assert "d" not in key


def test_signing_in_gives_a_token_that_every_service_believes(
    client: Client, carol: User, sign_in: Callable[..., Any]
) -> None:
    answer = sign_in(client, "carol")
    assert answer.status_code == 200, answer.content
    claims = verify(answer.json()["access_token"])
    assert (claims.subject, claims.username) == (str(carol.pk), "carol")
    bearer = {"Authorization": f"Bearer {answer.json()['access_token']}"}
    assert client.get("/o/userinfo/", headers=bearer).json()["email"] == "carol@shop.example"
    assert Client().get("/api/v1/users/me/", headers=bearer).json()["username"] == "carol"


def test_a_code_that_two_use_at_the_same_moment_ends_what_it_gave_to_either(
    client: Client,
    carol: User,
    form: Callable[..., dict[str, str]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """One of the two is a thief. Both have found the code before either has used it up."""
    save = Validator.save_bearer_token
    asked = form(client, "carol")
    faster: list[Any] = []

    def overtaken(*args: Any, **kwargs: Any) -> Any:
        monkeypatch.setattr(Validator, "save_bearer_token", save)
        faster.append(Client().post("/o/token/", asked))
        return save(*args, **kwargs)

    monkeypatch.setattr(Validator, "save_bearer_token", overtaken)
    slower = client.post("/o/token/", asked)
    assert (slower.status_code, slower.json()["error"]) == (400, "invalid_grant")
    assert faster[0].status_code == 200
    assert refresh(faster[0].json()) == 400
    assert not get_access_token_model().objects.exists()


def change_password(client: Client) -> None:
    answer = client.post("/o/account/password/", {"oldpassword": PASSWORD, **NEW_PASSWORD})
    assert answer.status_code == 302


def reset_password(client: Client) -> None:
    with TestCase.captureOnCommitCallbacks(execute=True):
        client.post("/o/reset-password/", {"email": "carol@shop.example"})
    link = re.search(r"/o/reset-password/\S+/", mail.outbox[-1].body)
    assert link is not None
    answer = client.post(client.get(link[0])["Location"], NEW_PASSWORD)
    assert answer["Location"] == "/o/reset-password/done/"


def set_password(client: Client) -> None:
    """As somebody who had none, but a passkey."""
    carol = User.objects.get(username="carol")
    carol.set_unusable_password()
    carol.save()
    client.force_login(carol, "allauth.account.auth_backends.AuthenticationBackend")
    assert client.post("/o/account/password/set/", NEW_PASSWORD).status_code == 302


def changepassword(_: Client) -> None:
    """As an administrator, at a terminal."""
    typed = NEW_PASSWORD["password1"]
    with patch("getpass.getpass", return_value=typed):
        call_command("changepassword", "carol", stdout=StringIO())


def hash_of_their_own(_: Client) -> None:
    """As a script that moves accounts here from elsewhere."""
    carol = User.objects.get(username="carol")
    carol.password = make_password(NEW_PASSWORD["password1"])
    carol.save(update_fields=["password"])


@pytest.mark.parametrize(
    "renew", [change_password, reset_password, set_password, changepassword, hash_of_their_own]
)
def test_a_new_password_ends_what_a_thief_holds(
    carol: User,
    sign_in: Callable[..., Any],
    form: Callable[..., dict[str, str]],
    renew: Callable[[Client], None],
) -> None:
    own = Client()
    sign_in(own, "carol")
    thief = sign_in(Client(), "carol").json()
    code = form(Client(), "carol")
    renew(own)
    carol.refresh_from_db()
    assert carol.check_password(NEW_PASSWORD["password1"])
    assert refresh(thief) == 400
    assert Client().post("/o/token/", code).status_code == 400
    bearer = {"Authorization": f"Bearer {thief['access_token']}"}
    assert Client().get("/o/userinfo/", headers=bearer).status_code == 401


def test_what_is_no_new_password_ends_nothing(carol: User, sign_in: Callable[..., Any]) -> None:
    granted = sign_in(Client(), "carol").json()
    other = sign_in(Client(), "carol").json()
    carol.refresh_from_db()
    carol.first_name = "Carol"
    carol.save()
    User.objects.create_user("dora", "dora@shop.example", PASSWORD)
    assert refresh(granted) == 200
    carol.set_password(PASSWORD)
    carol.save(update_fields=["last_name"])  # not the password
    assert refresh(other) == 200


def test_a_new_password_ends_what_devices_were_allowed(carol: User) -> None:
    devices = get_device_grant_model().objects
    about = {"client_id": "tv", "scope": "openid", "interval": 5, "status": "authorized"}
    expires = timezone.now() + timedelta(minutes=30)
    devices.create(device_code="a", user_code="A", user=carol, expires=expires, **about)
    devices.create(device_code="b", user_code="B", expires=expires, **about)
    client = Client()
    client.post("/o/sign-in/", {"username": "carol", "password": PASSWORD})
    change_password(client)
    assert [device.device_code for device in devices.all()] == ["b"]


def test_customers_get_no_scope_of_staff_and_staff_does(
    client: Client, sign_in: Callable[..., Any], settings: Any
) -> None:
    demo.load()
    for name, has_it in (("alice", False), ("erin", True)):
        user = User.objects.get(username=name)
        user.set_password(PASSWORD)
        user.save()
        answer = sign_in(Client(), name, scope="openid products:write")
        assert ("products:write" in verify(answer.json()["access_token"]).scopes) is has_it


def test_a_wrong_password_is_told_on_the_page(client: Client, carol: User) -> None:
    answer = client.post("/o/sign-in/", {"username": "carol", "password": "wrong"})
    assert answer.status_code == 200
    assert b'role="alert"' in answer.content


def test_nobody_is_sent_to_another_site_after_signing_in(client: Client, carol: User) -> None:
    answer = client.post(
        "/o/sign-in/",
        {"username": "carol", "password": PASSWORD, "next": "https://evil.example/"},
    )
    assert answer["Location"] == "/"


@pytest.mark.parametrize(
    "change",
    [
        {"redirect_uri": "https://evil.example/"},
        {"client_id": "somebody"},
    ],
)
def test_a_request_that_is_not_the_storefronts_goes_nowhere(
    client: Client, carol: User, authorize: dict[str, str], change: dict[str, str]
) -> None:
    client.force_login(carol)
    assert client.get("/o/authorize/", authorize | change).status_code == 400


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("path", ["/o/token/", "/o/introspect/", "/o/revoke_token/"])
@pytest.mark.parametrize("credentials", [b"\0:x", b"%00:x"])
def test_credentials_that_no_client_can_have_are_refused(
    client: Client, path: str, credentials: bytes
) -> None:
    basic = {"Authorization": f"Basic {base64.b64encode(credentials).decode()}"}
    answer = client.post(path, {"grant_type": "client_credentials", "token": "x"}, headers=basic)
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")


def test_who_signs_out_of_a_client_that_is_not_there_is_told(client: Client) -> None:
    assert client.get("/o/logout/", {"client_id": "somebody"}).status_code == 400
    assert client.post("/o/logout/", {"client_id": "somebody"}).status_code == 400


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("name", ["nonce", "code_challenge", "state", "claims", "scope"])
def test_a_parameter_without_end_goes_nowhere(
    client: Client, carol: User, authorize: dict[str, str], name: str
) -> None:
    client.force_login(carol)
    answer = client.get("/o/authorize/", authorize | {name: "x" * 3000})
    assert answer.status_code in (302, 400)


def test_without_pkce_there_is_no_code(
    client: Client, carol: User, authorize: dict[str, str]
) -> None:
    client.force_login(carol)
    del authorize["code_challenge"], authorize["code_challenge_method"]
    answer = client.get("/o/authorize/", authorize)
    assert "code=" not in answer["Location"]
    assert "error=invalid_request" in answer["Location"]


def test_loading_the_demo_twice_makes_nobody_twice(capsys: pytest.CaptureFixture[str]) -> None:
    demo.load()
    first = capsys.readouterr().out
    demo.load()
    assert (
        "password of the demo users alice, bob, erin" in first or here().environment.demo_password
    )
    assert capsys.readouterr().out == ""
    assert User.objects.count() == 3
