"""Where the shop differs from django-allauth's defaults.

Links in mails and the name of passkeys come from the public address, never from the Host header.
Too many attempts are 429 with Retry-After, as for programs.
"""

import base64
import hashlib
from typing import Any
from urllib.parse import quote, urlsplit

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.models import EmailConfirmation
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.mfa.adapter import DefaultMFAAdapter
from cryptography.fernet import Fernet, MultiFernet
from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import IntegrityError
from django.http import HttpRequest, HttpResponseRedirect
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme

from ramet.placement import here
from shop.users import letters, services
from shop.users.models import User
from shop.users.sign_in.addresses import client_address
from shop.users.sign_in.throttling import ACCOUNT_SECONDS, too_many_attempts


class AccountAdapter(DefaultAccountAdapter):
    """ACCOUNT_ADAPTER."""

    def get_client_ip(self, request: HttpRequest) -> str:
        return client_address(request)

    def is_safe_url(self, url: str) -> bool:
        public = urlsplit(here().environment.public_url).netloc
        return url_has_allowed_host_and_scheme(url, allowed_hosts={public})

    # ── accounts ──────────────────────────────────────────────────────────────────────────────

    def clean_username(self, username: str, shallow: bool = False) -> str:
        """In the form that is stored: whether it is taken must not hang on the address."""
        return super().clean_username(User.normalize_username(username), shallow)

    def save_user(self, request: HttpRequest, user: Any, form: Any, commit: bool = True) -> User:
        """As over the API: the others are told, and a welcome letter follows."""
        given = form.cleaned_data
        try:
            return services.register(given["username"], given["email"], given["password1"])
        except IntegrityError:
            # Somebody else was faster between the check and the insert: the form says so now.
            raise ImmediateHttpResponse(HttpResponseRedirect(reverse("account_signup"))) from None

    # ── attempts ──────────────────────────────────────────────────────────────────────────────

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        try:
            super().pre_authenticate(request, **credentials)
        except ValidationError:
            answer = too_many_attempts(request, retry_after=ACCOUNT_SECONDS)
            raise ImmediateHttpResponse(answer) from None

    def _get_login_attempts_cache_key(self, request: HttpRequest, **credentials: Any) -> str:
        # Of the account alone: with the Host in it, each spelling would have attempts of its own.
        # In upper case, as PostgreSQL compares: dotless i and long s are I and S only there.
        return str(credentials.get("email", credentials.get("username", ""))).upper()

    # ── mails ─────────────────────────────────────────────────────────────────────────────────

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """By Celery: a mail server that is slow, or away, must not tell who has an account."""
        pinned = {
            "email": email,
            "signup_url": _public(reverse("account_signup")),
            "current_site": {"name": "Grove", "domain": here().environment.public_url},
        }
        message = self.render_mail(template_prefix, email, {**context, **pinned})
        letters.post(str(message.subject), str(message.body), email)

    def get_email_confirmation_url(
        self, request: HttpRequest, emailconfirmation: EmailConfirmation
    ) -> str:
        return _public(reverse("account_confirm_email", args=[emailconfirmation.key]))

    def get_reset_password_from_key_url(self, key: str) -> str:
        path = reverse("account_reset_password_from_key", kwargs={"uidb36": "UID", "key": "KEY"})
        return _public(path.replace("UID-KEY", quote(key)))

    def send_account_already_exists_mail(self, email: str) -> None:
        context = {"password_reset_url": _public(reverse("account_reset_password"))}
        self.send_mail("account/email/account_already_exists", email, context)


class SecondFactorAdapter(DefaultMFAAdapter):
    """MFA_ADAPTER. Secrets of authenticator apps are stored encrypted, with a key of SECRET_KEY."""

    def encrypt(self, text: str) -> str:
        return _cipher().encrypt(text.encode()).decode()

    def decrypt(self, encrypted_text: str) -> str:
        return _cipher().decrypt(encrypted_text.encode()).decode()

    def get_public_key_credential_rp_entity(self) -> dict[str, str]:
        host = urlsplit(here().environment.public_url).hostname or "localhost"
        return {"id": host, "name": "Grove"}


def _public(path: str) -> str:
    return here().environment.public_url + path


def _cipher() -> MultiFernet:
    secrets = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    keys = [hashlib.sha256(f"second factors:{secret}".encode()).digest() for secret in secrets]
    return MultiFernet([Fernet(base64.urlsafe_b64encode(key)) for key in keys])
