"""The form to sign in with."""

from allauth.account.forms import LoginForm


class SignInForm(LoginForm):
    """Its first field is called `username`, as password managers and programs expect it."""

    def add_prefix(self, field_name: str) -> str:
        return super().add_prefix("username" if field_name == "login" else field_name)
