"""Pages to sign up and in on: nobody learns who has an account, guesses much, keeps a session."""

import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from django.conf import settings
from django.contrib.auth.hashers import MD5PasswordHasher
from django.core import mail
from django.core.cache import cache
from django.db import connections
from django.test import Client, RequestFactory
from django.test.utils import override_settings

from ramet.placement import here
from shop import errors
from shop import settings as shop_settings
from shop.users import services
from shop.users.models import User
from shop.users.sign_in.adapter import AccountAdapter, SecondFactorAdapter
from shop.users.sign_in.addresses import client_address

pytestmark = pytest.mark.django_db

PASSWORD = "under-the-apple-tree"
SIGN_IN = "/o/sign-in/"


@pytest.fixture
def carol() -> User:
    user = User.objects.create_user("carol", "carol@shop.example", PASSWORD)
    services.confirm_address(user)
    return user


@pytest.fixture
def mails(django_capture_on_commit_callbacks: Any) -> Callable[[Callable[[], Any]], Any]:
    """`mails(f)` is what `f` gives, with the mails that it caused sent."""

    def run(act: Callable[[], Any]) -> Any:
        with django_capture_on_commit_callbacks(execute=True):
            return act()

    return run


def try_password(
    name: str, password: str = "wrong", client: Client | None = None, **more: Any
) -> Any:
    return (client or Client()).post(SIGN_IN, {"username": name, "password": password}, **more)


def text(answer: Any) -> str:
    """A page without what differs each time, or was typed."""
    page = re.sub(r'name="csrfmiddlewaretoken" value="[^"]+"', "", answer.content.decode())
    return re.sub(r"carol|nobody", "NAME", page)


# ── who has an account ────────────────────────────────────────────────────────────────────────────


def test_a_wrong_password_and_an_unknown_name_are_answered_the_same(
    carol: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    hashed: list[str] = []
    encode = MD5PasswordHasher.encode

    def counted(self: Any, password: str, salt: str) -> str:
        hashed.append(password)
        return encode(self, password, salt)

    monkeypatch.setattr(MD5PasswordHasher, "encode", counted)
    known = try_password("carol")
    of_known = len(hashed)
    unknown = try_password("nobody")
    assert known.status_code == unknown.status_code == 200
    assert text(known) == text(unknown)
    assert 'role="alert"' in text(known)
    assert of_known == 1
    assert len(hashed) == 2, "an unknown name must cost a hash, too"


def test_a_forgotten_password_is_answered_the_same_for_everybody(carol: User, mails: Any) -> None:
    known = mails(lambda: Client().post("/o/reset-password/", {"email": "carol@shop.example"}))
    unknown = mails(lambda: Client().post("/o/reset-password/", {"email": "nobody@shop.example"}))
    assert known.status_code == unknown.status_code == 302
    assert known["Location"] == unknown["Location"] == "/o/reset-password/sent/"
    first, second = mail.outbox
    assert f"{here().environment.public_url}/o/reset-password/" in first.body
    assert "do not have any record" in second.body


def test_an_address_that_was_registered_in_capitals_is_the_same_one(mails: Any) -> None:
    """django-allauth looks for addresses in lower case only."""
    services.register("dora", "Dora@Shop.Example", PASSWORD)
    mails(lambda: Client().post("/o/reset-password/", {"email": "DORA@shop.example"}))
    assert [message.to for message in mail.outbox] == [["dora@shop.example"]]
    assert "/o/reset-password/" in mail.outbox[0].body
    form = {"username": "else", "password1": PASSWORD, "email": "Dora@shop.example"}
    answer = mails(lambda: Client().post("/o/sign-up/", form))
    assert answer["Location"] == "/o/confirm-email/"
    assert "already exists" in mail.outbox[-1].body


def test_signing_up_with_an_address_that_has_an_account_is_answered_the_same(
    carol: User, mails: Any
) -> None:
    form = {"username": "else", "password1": PASSWORD}
    fresh = mails(lambda: Client().post("/o/sign-up/", form | {"email": "new@shop.example"}))
    form["username"] = "another"
    taken = mails(lambda: Client().post("/o/sign-up/", form | {"email": "CAROL@shop.example"}))
    assert fresh.status_code == taken.status_code == 302
    assert fresh["Location"] == taken["Location"] == "/o/confirm-email/"
    assert {user.username for user in User.objects.all()} == {"carol", "else"}
    bodies = {
        message.to[0]: message.body
        for message in mail.outbox
        if "welcome" not in message.subject.lower()
    }
    assert "/o/confirm-email/" in bodies["new@shop.example"]
    assert "already exists" in bodies["carol@shop.example"]


@pytest.mark.parametrize("name", ["carol", "CAROL", "\uff43arol"])  # the last c is full-width
def test_a_taken_name_tells_nothing_of_an_address(carol: User, name: str) -> None:
    form = {"username": name, "password1": PASSWORD}
    answers = [
        Client().post("/o/sign-up/", form | {"email": f"{owner}@shop.example"})
        for owner in ("new", "carol")
    ]
    assert [answer.status_code for answer in answers] == [200, 200]
    free, taken = (answer.context["form"].errors for answer in answers)
    assert free == taken
    assert list(free) == ["username"]


def test_who_signs_up_is_welcomed_and_told_to_the_others(mails: Any) -> None:
    form = {"username": "dora", "email": "dora@shop.example", "password1": PASSWORD}
    mails(lambda: Client().post("/o/sign-up/", form))
    assert any("Welcome to Grove, dora" in message.subject for message in mail.outbox)
    assert not EmailAddress.objects.get(email="dora@shop.example").verified


def test_without_a_verified_address_nobody_is_in(mails: Any) -> None:
    services.register("dora", "dora@shop.example", PASSWORD)
    client = Client()
    answer = mails(lambda: try_password("dora", PASSWORD, client))
    assert answer["Location"] == "/o/confirm-email/"
    assert client.get("/o/account/security/").status_code == 302
    link = re.search(r"/o/confirm-email/\S+/", mail.outbox[-1].body)
    assert link is not None
    assert client.post(link[0]).status_code == 302
    assert client.get("/o/account/security/").status_code == 200


# ── links come from the public address ────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "forged", [{"HTTP_HOST": "127.0.0.1"}, {"HTTP_X_FORWARDED_HOST": "evil.example"}]
)
def test_a_forged_host_gets_into_no_mail(carol: User, mails: Any, forged: dict[str, str]) -> None:
    for email in ("carol@shop.example", "nobody@shop.example"):
        mails(lambda email=email: Client().post("/o/reset-password/", {"email": email}, **forged))
    form = {"username": "else", "password1": PASSWORD, "email": "new@shop.example"}
    mails(lambda: Client().post("/o/sign-up/", form, **forged))
    form = {"username": "another", "password1": PASSWORD, "email": "carol@shop.example"}
    mails(lambda: Client().post("/o/sign-up/", form, **forged))
    links = re.findall(r"https?://\S+", "\n".join(message.body for message in mail.outbox))
    assert len(links) >= 4
    assert all(link.startswith(here().environment.public_url) for link in links), links


@pytest.mark.parametrize(
    "elsewhere",
    [
        "https://evil.example/",
        "//evil.example",
        "/\\evil.example",
        "http://127.0.0.1/",
        "javascript:alert(1)",
    ],
)
def test_nobody_is_sent_to_another_site(carol: User, elsewhere: str) -> None:
    form = {"username": "carol", "password": PASSWORD, "next": elsewhere}
    assert Client().post(SIGN_IN, form)["Location"] == "/"


# ── how often ─────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("name", ["carol", "nobody"])
def test_five_wrong_passwords_lock_an_account_for_a_while_from_wherever_they_come(
    carol: User, name: str
) -> None:
    for number in range(5):
        assert try_password(name, REMOTE_ADDR=f"192.0.2.{number}").status_code == 200
    locked = try_password(name, PASSWORD, REMOTE_ADDR="192.0.2.99")
    assert locked.status_code == 429
    assert int(locked["Retry-After"]) == 300
    assert b"Too many attempts" in locked.content
    # Another spelling of the name, or of the host, is no other account.
    assert try_password(name.upper(), PASSWORD, HTTP_HOST="127.0.0.1").status_code == 429
    services.confirm_address(User.objects.create_user("dora", "dora@shop.example", PASSWORD))
    assert try_password("dora", PASSWORD).status_code == 302


@pytest.mark.parametrize("spelling", ["Miss-Iris", "mi\u017f\u017f-iris", "m\u0131ss-\u0131ris"])
def test_every_spelling_that_finds_an_account_shares_its_lock(rf: Any, spelling: str) -> None:
    """The database compares in upper case, where dotless i is I and long s is S."""
    own = User.objects.create_user("miss-iris", "iris@shop.example", PASSWORD)
    assert User.objects.get(username__iexact=spelling) == own
    key = AccountAdapter()._get_login_attempts_cache_key
    assert key(rf.get("/"), username=spelling) == key(rf.get("/"), username="miss-iris")


def test_right_passwords_do_not_count(carol: User) -> None:
    assert [try_password("carol", PASSWORD).status_code for _ in range(8)] == [302] * 8


def test_an_address_that_tries_many_names_has_to_wait(carol: User) -> None:
    answers = [try_password(f"name-{number}") for number in range(11)]
    assert [answer.status_code for answer in answers] == [200] * 10 + [429]
    assert int(answers[-1]["Retry-After"]) > 0
    assert try_password("carol", PASSWORD, REMOTE_ADDR="192.0.2.1").status_code == 302


def test_a_form_to_reset_a_password_floods_no_mailbox(carol: User) -> None:
    def ask(number: int) -> Any:
        address = {"REMOTE_ADDR": f"192.0.2.{number}"}
        return Client().post("/o/reset-password/", {"email": "carol@shop.example"}, **address)

    answers = [ask(number) for number in range(6)]
    assert [answer.status_code for answer in answers] == [302] * 5 + [429]
    assert answers[-1]["Retry-After"]


def test_nobody_guesses_the_codes_of_devices(carol: User) -> None:
    client = Client()
    client.force_login(carol)
    answers = [client.post("/o/device/", {"user_code": f"GUESS{n}"}) for n in range(6)]
    assert [answer.status_code for answer in answers] == [200] * 5 + [429]
    assert b"Incorrect user code" in answers[0].content


def test_nobody_guesses_the_codes_of_an_authenticator_app(carol: User) -> None:
    TOTP.activate(carol, generate_totp_secret())
    client = Client()
    assert (
        try_password("carol", PASSWORD, client)["Location"] == "/o/account/security/authenticate/"
    )
    assert client.get("/o/account/email/").status_code == 302, "the password alone is not enough"
    answers = [
        client.post("/o/account/security/authenticate/", {"code": f"00000{number}"})
        for number in range(6)
    ]
    assert [answer.status_code for answer in answers] == [200] * 5 + [429]
    assert answers[-1]["Retry-After"] == "300"


@pytest.mark.django_db(transaction=True)
def test_all_processes_count_together(transactional_db: None, carol: User) -> None:
    """In the table of production; threads stand for processes, each has its own connection."""

    def guess(number: int) -> int:
        try:
            return int(try_password("carol", REMOTE_ADDR=f"192.0.2.{number}").status_code)
        finally:
            connections.close_all()

    with override_settings(CACHES=shop_settings.CACHES):
        cache.clear()
        with ThreadPoolExecutor(4) as pool:
            statuses = list(pool.map(guess, range(12)))
        cache.clear()
    # A guess that cannot be counted within a second is refused, so there may be fewer.
    assert 1 <= statuses.count(200) <= 5
    assert set(statuses) == {200, 429}


@pytest.mark.parametrize(
    ("meta", "address"),
    [
        ({"REMOTE_ADDR": "", "HTTP_X_FORWARDED_FOR": "192.0.2.7"}, "192.0.2.7"),
        ({"REMOTE_ADDR": "192.0.2.1", "HTTP_X_FORWARDED_FOR": "192.0.2.7"}, "192.0.2.1"),
        ({"REMOTE_ADDR": ""}, ""),
    ],
)
def test_only_the_gateway_is_believed_about_addresses(
    rf: Any, meta: dict[str, str], address: str
) -> None:
    assert client_address(rf.get("/", **meta)) == address


# ── sessions ──────────────────────────────────────────────────────────────────────────────────────


def test_a_session_that_was_planted_before_signing_in_is_worth_nothing(carol: User) -> None:
    victim = Client()
    victim.get(SIGN_IN)
    session = victim.session
    session["planted"] = True
    session.save()
    planted = session.session_key
    try_password("carol", PASSWORD, victim)
    assert victim.session.session_key != planted
    thief = Client()
    thief.cookies[settings.SESSION_COOKIE_NAME] = planted
    assert thief.get("/o/account/security/").status_code == 302


def test_confirming_who_one_is_makes_a_new_session_key(carol: User) -> None:
    client = Client()
    try_password("carol", PASSWORD, client)
    before = client.session.session_key
    asked = client.get("/o/account/security/totp/activate/")
    assert asked["Location"].startswith("/o/account/confirm/")
    client.post(asked["Location"], {"password": PASSWORD})
    assert client.session.session_key != before
    assert client.get("/o/account/security/totp/activate/").status_code == 200


def test_signing_out_ends_the_session_for_whoever_has_its_key(carol: User) -> None:
    client, copy = Client(), Client()
    try_password("carol", PASSWORD, client)
    copy.cookies = client.cookies.copy()
    assert copy.get("/o/account/security/").status_code == 200
    client.post("/o/sign-out/")
    assert copy.get("/o/account/security/").status_code == 302


def test_a_new_password_ends_the_other_sessions(carol: User) -> None:
    client, other = Client(), Client()
    try_password("carol", PASSWORD, client)
    try_password("carol", PASSWORD, other)
    form = {"oldpassword": PASSWORD, "password1": "beside-the-pear", "password2": "beside-the-pear"}
    assert client.post("/o/account/password/", form).status_code == 302
    assert other.get("/o/account/security/").status_code == 302


# ── pages ─────────────────────────────────────────────────────────────────────────────────────────


def test_pages_run_no_foreign_script_and_are_in_no_frame(client: Client) -> None:
    page = client.get(SIGN_IN)
    policy = page["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert page["Referrer-Policy"] == "strict-origin"
    assert "no-store" in page["Cache-Control"]
    assert "<style" not in page.content.decode()


def test_what_is_refused_here_looks_like_these_pages(client: Client) -> None:
    lost = client.get("/o/nothing-here/")
    forged = Client(enforce_csrf_checks=True).post(SIGN_IN, {"login": "alice"})
    assert (lost.status_code, forged.status_code) == (404, 403)
    for answer, heading in ((lost, "There is nothing here"), (forged, "Please try again")):
        page = answer.content.decode()
        assert f"<h1>{heading}</h1>" in page
        assert "users/provider." in page, "the style of the other pages"


def test_an_error_of_ours_is_told_without_what_a_page_needs(rf: RequestFactory) -> None:
    answer = errors.server_error(rf.get("/o/sign-in/"))
    assert answer.status_code == 500
    assert "<h1>Something broke</h1>" in answer.content.decode()


def test_their_files_are_kept_for_a_year_under_an_address_of_their_own(client: Client) -> None:
    page = client.get(SIGN_IN).content.decode()
    addresses = re.findall(r'"(/static/[^"]+)"', page)
    assert len(addresses) == 4
    for address in addresses:
        answer = client.get(address)
        assert answer.status_code == 200
        assert answer["Cache-Control"] == "public, max-age=31536000, immutable"


def test_secrets_of_apps_are_not_stored_as_they_are() -> None:
    stored = SecondFactorAdapter().encrypt("JBSWY3DP")
    assert "JBSWY3DP" not in stored
    assert SecondFactorAdapter().decrypt(stored) == "JBSWY3DP"
    with override_settings(SECRET_KEY="another", SECRET_KEY_FALLBACKS=[shop_settings.SECRET_KEY]):
        assert SecondFactorAdapter().decrypt(stored) == "JBSWY3DP"
