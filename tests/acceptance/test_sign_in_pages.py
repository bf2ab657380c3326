"""Signing up, in and out on the pages of users, in a real browser: by codes, by a passkey."""

import base64
import hmac
import re
import struct
import time
import uuid

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.acceptance.chromium import keep_pictures, needs_chromium
from tests.acceptance.running_shop import RunningShop
from tests.conftest import eventually

pytestmark = [
    needs_chromium,
    pytest.mark.parametrize(
        "shop",
        ["services", pytest.param("monolith", marks=pytest.mark.slow)],
        indirect=True,
    ),
]

PASSWORD = "under-the-apple-tree"


def link_in_mail(shop: RunningShop, address: str, pattern: str) -> str:
    """The last link of that form that was sent to an address."""

    def found() -> str | None:
        mails = sorted((shop.folder / ".ramet" / "mail").iterdir(), key=lambda f: f.stat().st_mtime)
        for mail in reversed(mails):
            text = mail.read_text()
            if f"To: {address}" in text and (match := re.search(pattern, text)):
                return match[0]
        return None

    return str(eventually(found, within=30, what=f"a mail to {address} with {pattern}"))


def one_time_code(secret: str) -> str:
    """RFC 6238 with its defaults, as an authenticator app computes it."""
    key = base64.b32decode(secret + "=" * (-len(secret) % 8))
    mac = hmac.digest(key, struct.pack(">Q", int(time.time()) // 30), "sha1")
    at = mac[-1] & 15
    return str((int.from_bytes(mac[at : at + 4]) & 0x7FFFFFFF) % 10**6).zfill(6)


def sign_up(shop: RunningShop, page: Page, name: str) -> None:
    page.goto("/")
    page.get_by_role("link", name="Sign up").click()
    expect(page.get_by_role("heading", name="Sign Up")).to_be_visible()
    keep_pictures(page, "sign-up")
    page.get_by_label("Username").fill(name)
    page.get_by_label("Email").fill(f"{name}@shop.example")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign Up").click()
    expect(page.get_by_role("heading", name="Verify Your Email Address")).to_be_visible()
    keep_pictures(page, "verify")
    page.goto(link_in_mail(shop, f"{name}@shop.example", r"http://\S+/o/confirm-email/\S+/"))
    keep_pictures(page, "confirm-email")
    page.get_by_role("button", name="Confirm").click()


def fill_in(page: Page, name: str, password: str = PASSWORD) -> None:
    page.get_by_label("Username").fill(name)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in").click()


def confirm_password(page: Page) -> None:
    expect(page.get_by_role("heading", name="Confirm Access")).to_be_visible()
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Confirm").click()


def session_key(context: BrowserContext) -> str:
    """The session of the provider's pages; the storefront has another one, except in a monolith."""
    sessions = [c for c in context.cookies() if c["name"] in ("sessionid", "sessionid_users")]
    return str(sessions[0].get("value"))


def test_somebody_signs_up_and_protects_the_account(
    shop: RunningShop, page: Page, context: BrowserContext
) -> None:
    name = f"carol-{uuid.uuid4().hex[:6]}"
    sign_up(shop, page, name)
    expect(page.get_by_text(f"Signed in as {name}")).to_be_visible()

    # An authenticator app. What makes the session mightier gives it a new key.
    page.goto("/o/account/security/")
    keep_pictures(page, "security")
    before = session_key(context)
    page.get_by_role("link", name="Activate").click()
    keep_pictures(page, "confirm-access")
    confirm_password(page)
    expect(page.get_by_role("heading", name="Activate Authenticator App")).to_be_visible()
    assert session_key(context) != before
    keep_pictures(page, "authenticator-app")
    secret = page.locator("#authenticator_secret").input_value()
    page.get_by_label("Authenticator code").fill(one_time_code(secret))
    page.get_by_role("button", name="Activate").click()
    expect(page.get_by_role("heading", name="Recovery Codes")).to_be_visible()
    keep_pictures(page, "recovery-codes")
    recovery_code = page.locator("#recovery_codes").input_value().split()[0]

    # A passkey.
    browser = context.new_cdp_session(page)
    browser.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    browser.send("WebAuthn.addVirtualAuthenticator", {"options": options})
    page.goto("/o/account/security/webauthn/add/")
    page.get_by_label("Passwordless").check()
    keep_pictures(page, "add-passkey")
    page.get_by_role("button", name="Add").click()
    page.wait_for_url(re.compile(r"/o/account/security/(recovery-codes/)?$"))
    page.goto("/o/account/security/webauthn/")
    expect(page.get_by_text("Master key")).to_be_visible()
    keep_pictures(page, "passkeys")

    # Out, and in again by each of them.
    def sign_out() -> None:
        page.goto("/")
        page.get_by_role("button", name="Sign out").click()
        expect(page.get_by_role("link", name="Sign in")).to_be_visible()
        page.goto("/auth/sign-in/")

    sign_out()
    keep_pictures(page, "sign-in")
    page.get_by_role("button", name="Use a passkey").click()
    expect(page.get_by_text(f"Signed in as {name}")).to_be_visible()

    sign_out()
    fill_in(page, name)
    expect(page.get_by_role("heading", name="Two-Factor Authentication")).to_be_visible()
    keep_pictures(page, "second-factor")
    page.get_by_label("Code").fill("000000")
    page.get_by_role("button", name="Sign In").click()
    expect(page.get_by_text("Incorrect code")).to_be_visible()
    page.get_by_label("Code").fill(recovery_code)
    page.get_by_role("button", name="Sign In").click()
    expect(page.get_by_text(f"Signed in as {name}")).to_be_visible()


def test_who_forgot_the_password_gets_a_link_to_the_public_address(
    shop: RunningShop, page: Page, context: BrowserContext
) -> None:
    name = f"dora-{uuid.uuid4().hex[:6]}"
    answer = shop.call(
        "POST",
        "/api/v1/users/",
        user=None,
        json={"username": name, "email": f"{name}@shop.example", "password": PASSWORD},
    )
    assert answer.status_code == 201, answer.text
    page.goto("/auth/sign-in/")
    page.get_by_role("link", name="Forgot your password?").click()
    keep_pictures(page, "reset-password")
    page.get_by_label("Email").fill(f"{name}@shop.example")
    page.get_by_role("button", name="Reset My Password").click()
    expect(page.get_by_role("heading", name="Password Reset")).to_be_visible()
    keep_pictures(page, "reset-password-sent")
    link = link_in_mail(shop, f"{name}@shop.example", r"http://\S+/o/reset-password/\S+/")
    assert link.startswith(f"{shop.url}/o/reset-password/")
    page.goto(link)
    keep_pictures(page, "new-password")
    page.get_by_label("New Password", exact=True).fill(f"{PASSWORD}-again")
    page.get_by_label("New Password (again)").fill(f"{PASSWORD}-again")
    page.get_by_role("button", name="Change Password").click()
    expect(page.get_by_text("Your password is now changed")).to_be_visible()


def test_a_device_is_connected_with_the_code_that_it_shows(shop: RunningShop, page: Page) -> None:
    shop.ramet("manage", "users", "--", "shell", "-c", REGISTER_DEVICE)
    form = {"client_id": "watering-can", "scope": "openid profile"}
    shown = shop.call("POST", "/o/device_authorization/", user=None, data=form).json()
    assert shown["verification_uri"] == f"{shop.url}/o/device/"
    poll = {
        "grant_type": "urn:ietf:params:oauth:grant-type:device_code",
        "client_id": "watering-can",
        "device_code": shown["device_code"],
    }
    page.goto(shown["verification_uri"])
    fill_in(page, "alice", shop.demo_password)
    typed = shown["user_code"].lower()
    page.get_by_label("Code").fill(f"{typed[:4]}-{typed[4:]}")
    keep_pictures(page, "device")
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_role("heading", name="Connect Watering can?")).to_be_visible()
    keep_pictures(page, "device-confirm")
    page.get_by_role("button", name="Connect").click()
    expect(page.get_by_role("heading", name="Your device is connected")).to_be_visible()
    keep_pictures(page, "device-done")
    granted = shop.call("POST", "/o/token/", user=None, data=poll)
    assert granted.status_code == 200, granted.text
    bearer = {"Authorization": f"Bearer {granted.json()['access_token']}"}
    assert shop.get("/api/v1/users/me/", user=None, headers=bearer)["username"] == "alice"
    assert shop.call("POST", "/o/token/", user=None, data=poll).status_code == 400


REGISTER_DEVICE = """
from oauth2_provider.models import Application
Application.objects.update_or_create(client_id="watering-can", defaults={
    "name": "Watering can", "client_type": "public", "client_secret": "",
    "authorization_grant_type": Application.GRANT_DEVICE_CODE,
    "algorithm": Application.RS256_ALGORITHM})
"""


def test_an_address_that_the_client_did_not_register_is_named_on_the_page(
    shop: RunningShop, page: Page
) -> None:
    page.goto("/auth/sign-in/")
    fill_in(page, "alice", shop.demo_password)
    query = "response_type=code&client_id=storefront&redirect_uri=https://evil.example/"
    page.goto(f"/o/authorize/?{query}")
    expect(page.get_by_role("alert")).to_contain_text("https://evil.example/ is not registered")
    keep_pictures(page, "not-possible")
