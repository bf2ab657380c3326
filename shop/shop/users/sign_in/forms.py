"""The forms that differ from django-allauth's."""

from typing import Any

from allauth.account.forms import LoginForm
from allauth.core import context
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.mfa.base.forms import AuthenticateForm, ReauthenticateForm
from django.core.exceptions import ValidationError

from shop.users.sign_in.throttling import ACCOUNT_SECONDS, too_many_attempts


class SignInForm(LoginForm):
    """Its first field is called `username`, as password managers and programs expect it."""

    def add_prefix(self, field_name: str) -> str:
        return super().add_prefix("username" if field_name == "login" else field_name)


class _CountedCode:
    """Who guesses codes of a second factor is answered as who guesses passwords."""

    def clean_code(self) -> Any:
        try:
            return super().clean_code()  # type: ignore[misc]
        except ValidationError as error:
            if error.code != "too_many_login_attempts":
                raise
            answer = too_many_attempts(context.request, retry_after=ACCOUNT_SECONDS)
            raise ImmediateHttpResponse(answer) from None


class CodeForm(_CountedCode, AuthenticateForm):
    """The code after the password."""


class CodeAgainForm(_CountedCode, ReauthenticateForm):
    """A code to confirm who one is."""
